package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mor4j.cli.terminal.Terminal;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** {@code bench-serve} against a server that is not there but for its answers. */
class BenchServeServerTest extends CommandLineTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** As many tokens as were asked for, at most 5. */
  private static void answer(String body, OutputStream out) throws IOException {
    int asked = JSON.readTree(body).get("max_tokens").asInt();
    int tokens = Math.min(asked, 5);
    FakeCompletionServer.events(out);
    for (int i = 0; i < tokens; i++) {
      FakeCompletionServer.token(out, "a");
    }
    FakeCompletionServer.end(out, asked == tokens ? "length" : "stop", 3, tokens);
  }

  @Test
  void writesResults() throws IOException {
    Path json = dir.resolve("new").resolve("results.json");
    Path html = dir.resolve("results.html");
    Object[] arguments = {
      "bench-serve",
      "--rate",
      "200,400",
      "--requests",
      40,
      "--vocab",
      50,
      "--seed",
      5,
      "--model-name",
      "m",
      "--url"
    };
    try (FakeCompletionServer server =
        new FakeCompletionServer(
            (number, body, out) -> {
              if (number % 8 == 7) {
                FakeCompletionServer.status(out, 429, "busy");
              } else {
                answer(body, out);
              }
            })) {
      Run run = run(with(arguments, server.uri(), "--json", json, "--html", html)).succeeds();
      assertThat(run.out())
          .contains(server.uri().toString(), "200/s", "400/s", "first token", "end to end")
          .contains("outputs of 256 ± 64 tokens, context 2048, greedy, seed 5");
      assertThat(server.bodies()).hasSize(80);
      run(with(arguments, server.uri(), "--json", json)).fails(3, "results.json");
      assertThat(server.bodies()).hasSize(80);
      Set<String> first = new TreeSet<>(server.bodies());
      run(with(arguments, server.uri(), "--json", json, "--overwrite")).succeeds();
      assertThat(new TreeSet<>(server.bodies().subList(80, 160))).isEqualTo(first);
    }
    checkJson(JSON.readTree(json.toFile()));
    assertThat(Files.readString(html))
        .startsWith("<!DOCTYPE html>")
        .endsWith("</html>\n")
        .contains("<svg", "time to first token", "offered requests/s", "in flight", "400/s")
        .doesNotContain("NaN", "http://www", "<script", "src=");
    assertThat(dir.toFile().list()).containsExactlyInAnyOrder("new", "results.html");
    assertThat(dir.resolve("new").toFile().list()).containsExactly("results.json");
  }

  private static void checkJson(JsonNode document) {
    assertThat(document.fieldNames())
        .toIterable()
        .containsExactly(
            "target",
            "machine",
            "jvm",
            "workload",
            "capacity",
            "stages",
            "interrupted",
            "passed",
            "problems");
    assertThat(document.get("target").get("kind").asText()).isEqualTo("server");
    assertThat(document.get("workload").get("seed").asInt()).isEqualTo(5);
    assertThat(document.get("passed").asBoolean()).isTrue();
    assertThat(document.get("interrupted").asBoolean()).isFalse();
    assertThat(document.get("stages")).hasSize(2);
    for (JsonNode stage : document.get("stages")) {
      JsonNode requests = stage.get("requests");
      assertThat(requests.get("sent").asInt()).isEqualTo(40);
      assertThat(requests.get("completed").asInt()).isEqualTo(35);
      assertThat(requests.get("refused").asInt()).isEqualTo(5);
      assertThat(requests.get("refused_by_reason").get("http_429").asInt()).isEqualTo(5);
      assertThat(requests.get("failed").asInt()).isZero();
      assertThat(stage.get("prompt_tokens").asInt()).isEqualTo(35 * 3);
      assertThat(stage.get("output_tokens").asInt()).isEqualTo(35 * 5);
      assertThat(stage.get("completed_mean_tokens").asDouble()).isEqualTo(5);
      assertThat(stage.get("latency_ms").fieldNames())
          .toIterable()
          .containsExactly("first_token", "between_tokens", "end_to_end", "queue", "dispatch");
      assertThat(stage.get("latency_ms").get("first_token").fieldNames())
          .toIterable()
          .containsExactly("count", "mean", "p50", "p90", "p95", "p99", "max");
      assertThat(stage.get("latency_ms").get("between_tokens").get("count").asInt())
          .isEqualTo(35 * 4);
      assertThat(stage.get("steady").fieldNames())
          .toIterable()
          .containsExactly(
              "from_seconds",
              "to_seconds",
              "offered_per_second",
              "completed_per_second",
              "tokens_per_second");
      assertThat(stage.get("engine").isNull()).isTrue();
      JsonNode last = stage.get("series").get(stage.get("series").size() - 1);
      assertThat(last.get("ended").asInt()).isEqualTo(40);
      assertThat(last.get("queued").isNull()).isTrue();
    }
    assertThat(document.get("stages").get(0).get("rate_per_second").asDouble()).isEqualTo(200);
  }

  @Test
  void loadsAreMultiplesOfTheCapacity() throws IOException {
    Path json = dir.resolve("results.json");
    try (FakeCompletionServer server =
        new FakeCompletionServer((number, body, out) -> answer(body, out))) {
      Run run =
          run(
              "bench-serve",
              "--url",
              server.uri(),
              "--model-name",
              "m",
              "--text",
              ALICE,
              "--load",
              "0.5,1",
              "--warm-up",
              "1s",
              "--warm-up-concurrency",
              2,
              "--requests",
              10,
              "--json",
              json);
      assertThat(run.succeeds().out()).contains("capacity ", "0.5 × capacity", "warm-up");
      assertThat(JSON.readTree(server.bodies().getFirst()).get("prompt").isTextual()).isTrue();
    }
    JsonNode document = JSON.readTree(json.toFile());
    double capacity = document.get("capacity").get("requests_per_second").asDouble();
    assertThat(document.get("stages")).hasSize(3);
    assertThat(document.get("stages").get(0).get("concurrency").asInt()).isEqualTo(2);
    assertThat(document.get("stages").get(1).get("rate_per_second").asDouble())
        .isEqualTo(0.5 * capacity);
    assertThat(document.get("workload").get("prompt_unit").asText()).isEqualTo("words");
  }

  @Test
  void failuresFail() throws IOException {
    Path json = dir.resolve("results.json");
    try (FakeCompletionServer server =
        new FakeCompletionServer(
            (number, body, out) -> {
              if (number == 3) {
                FakeCompletionServer.status(out, 500, "out of luck");
              } else {
                answer(body, out);
              }
            })) {
      Run run =
          runIn(
              Map.of("MOR4J_API_KEY", "secret"),
              false,
              "bench-serve",
              "--url",
              server.uri(),
              "--model-name",
              "m",
              "--vocab",
              9,
              "--concurrency",
              2,
              "--requests",
              6,
              "--cancel-share",
              "1",
              "--json",
              json);
      run.fails(1, "2 clients: 1 request failed {http_500=1}: HTTP 500: out of luck");
      assertThat(server.heads()).hasSize(6).allMatch(head -> head.contains("Bearer secret"));
    }
    JsonNode document = JSON.readTree(json.toFile());
    assertThat(document.toString()).doesNotContain("secret");
    assertThat(document.get("passed").asBoolean()).isFalse();
    assertThat(document.get("problems")).hasSize(1);
  }

  @Test
  void wrongUsage() {
    String url = "http://localhost:1";
    run("bench-serve", "--rate", 1).fails(2, "a MODEL or --url");
    run("bench-serve", dir, "--url", url, "--rate", 1).fails(2, "a MODEL or --url");
    run("bench-serve", dir).fails(2, "--rate");
    run("bench-serve", dir, "--rate", 1, "--load", 1).fails(2, "mutually exclusive");
    run("bench-serve", dir, "--rate", 0).fails(2, "rate of 0");
    run("bench-serve", dir, "--rate", "fast").fails(2, "fast");
    run("bench-serve", dir, "--load", -1).fails(2, "--load has -1");
    run("bench-serve", dir, "--load", 1, "--warm-up", "0s").fails(2, "needs a --warm-up");
    run("bench-serve", dir, "--concurrency", 0).fails(2, "concurrency of 0");
    run("bench-serve", dir, "--rate", 1, "--requests", 0).fails(2, "--requests is 0");
    run("bench-serve", dir, "--rate", 1, "--duration", "soon").fails(2, "such as 500ms, 60s");
    run("bench-serve", dir, "--rate", 1, "--kv-budget", "much").fails(2, "such as 65536, 512M");
    run("bench-serve", dir, "--rate", 1, "--vocab", 5)
        .fails(2, "--vocab has no meaning without --url");
    run("bench-serve", "--url", url, "--rate", 1, "--max-queued", 5)
        .fails(2, "--max-queued has no meaning with --url");
    run("bench-serve", "--url", url, "--rate", 1, "--timeline", dir.resolve("t"))
        .fails(2, "--timeline has no meaning with --url");
    run("bench-serve", "--url", url, "--rate", 1).fails(2, "needs --vocab");
    run("bench-serve", "--url", url, "--rate", 1, "--prompt-kind", "text").fails(2, "--text FILE");
    run("bench-serve", "--url", "nowhere", "--rate", 1, "--vocab", 5).fails(2, "is no address");
    run("bench-serve", "--url", url, "--rate", 1, "--vocab", 5).fails(3, "does not answer");
    Object[] server = {"bench-serve", "--url", url, "--rate", 1, "--vocab", 5, "--model-name", "m"};
    run(with(server, "--cancel-share", 2)).fails(2, "share of 2.0");
    run(with(server, "--context", 4096)).fails(2, "expected at most the model's 2048");
    run(with(server, "--deadline-ms", 0)).fails(2, "--deadline-ms is 0");
    run(with(server, "--prompt-mean", 0)).fails(2, "mean length of 0");
    run(with(server, "--shared-prefix", 2047)).fails(2, "shared prefix of 2047");
    run(with(server, "--json", dir.resolve("x"), "--html", dir.resolve("x"))).fails(2, "two files");
    run("bench-serve", dir.resolve("none"), "--rate", 1).fails(3, "none");
    assertThat(dir.toFile().list()).isEmpty();
  }

  private static Object[] with(Object[] arguments, Object... more) {
    Object[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return all;
  }

  /** Options that describe an engine in this process, each with a value that it may have. */
  private static final Map<String, String> ENGINE_OPTIONS =
      Map.ofEntries(
          Map.entry("--backend", "cuda"),
          Map.entry("--device", "0"),
          Map.entry("--device-numbers", "f32"),
          Map.entry("--kernels", "java"),
          Map.entry("--threads", "1"),
          Map.entry("--spin-us", "50"),
          Map.entry("--kv-cache", "int8"),
          Map.entry("--weights", "copied"),
          Map.entry("--require-native", "true"),
          Map.entry("--max-sequences", "2"),
          Map.entry("--max-queued", "3"),
          Map.entry("--kv-budget", "64M"),
          Map.entry("--step-tokens", "200"),
          Map.entry("--min-exit-batch", "1"),
          Map.entry("--max-exit-wait", "1"),
          Map.entry("--depth-batching", "off"),
          Map.entry("--no-prefix-cache", "true"),
          Map.entry("--max-recursions", "1"),
          Map.entry("--probability-threshold", "0.5"),
          Map.entry("--threshold", "0.5"),
          Map.entry("--timeline", "timeline.html"));

  /** What {@code serve} takes for its engine and its model, a new option among them. */
  @Test
  void everyOptionOfAnEngineIsKnown() {
    Set<String> ofServe = names("serve");
    ofServe.removeAll(
        Set.of(
            "--host",
            "--port",
            "--name",
            "--api-key-file",
            "--max-body",
            "--header-timeout",
            "--max-connections",
            "--max-connections-per-address",
            "--drain-seconds",
            "--help",
            "--verbose"));
    assertThat(ENGINE_OPTIONS.keySet()).containsAll(ofServe);
    assertThat(names("bench-serve")).containsAll(ENGINE_OPTIONS.keySet());
  }

  private static Set<String> names(String command) {
    Set<String> names = new TreeSet<>();
    Terminal terminal = new Terminal(System.out, System.err, false, false, Map.of());
    Commands.commandLine(terminal, new String[] {command})
        .getSubcommands()
        .get(command)
        .getCommandSpec()
        .options()
        .forEach(option -> names.addAll(List.of(option.names())));
    names.removeIf(name -> !name.startsWith("--"));
    return names;
  }

  @Test
  void eachOptionOfAnEngineIsRefusedForAServer() {
    ENGINE_OPTIONS.forEach(
        (option, value) -> {
          String named = option.equals("--threshold") ? "--probability-threshold" : option;
          run(
                  "bench-serve",
                  "--url",
                  "http://localhost:1",
                  "--rate",
                  1,
                  "--vocab",
                  5,
                  option + "=" + value)
              .fails(2, named + " has no meaning with --url");
        });
  }

  @Test
  void eachOptionOfAServerIsRefusedForAnEngine() {
    Map.of("--prompt-kind", "ids", "--vocab", "5", "--model-name", "m", "--pid", "1")
        .forEach(
            (option, value) ->
                run("bench-serve", dir, "--rate", 1, option, value)
                    .fails(2, option + " has no meaning without --url"));
    Path text = dir.resolve("text");
    run("bench-serve", "--url", "http://localhost:1", "--rate", 1, "--vocab", 5, "--text", text)
        .fails(2, "--vocab has no meaning with --text");
  }
}
