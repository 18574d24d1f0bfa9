package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The trained checkpoint through the command line, against what the authors' code says of it. */
class TrainedModelTest extends CommandLineTest {
  @TempDir static Path shared;
  private static Path model;
  private static JsonNode expected;

  @BeforeAll
  static void convert() throws IOException {
    model = converted(TRAINED, shared.resolve("model"));
    expected = new ObjectMapper().readTree(Files.readAllBytes(TRAINED.resolve("expected.json")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"topk", "threshold"})
  void perplexityIsTheAuthors(String routing) {
    JsonNode found =
        run("perplexity", model, "--text", ALICE, "--routing", routing, "--json").succeeds().json();
    JsonNode right = expected.get(routing);
    assertThat(found.get("nll_nats_per_token").asDouble())
        .isCloseTo(right.get("nll_nats_per_token").asDouble(), within(1e-3));
    assertThat(found.get("windows").asInt()).isEqualTo(expected.get("windows").asInt());
    assertThat(found.get("tokens").asInt()).isEqualTo(expected.get("tokens").asInt());
    for (int r = 0; r < 3; r++) {
      assertThat(found.get("active_per_recursion").get(r).asDouble())
          .isCloseTo(right.get("active_per_recursion").get(r).asDouble(), within(1e-4));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void greedyTextIsTheAuthors(int index) {
    JsonNode right = expected.get("greedy_threshold").get(index);
    JsonNode found =
        run("generate", model, "-p", right.get("prompt").asText(), "--greedy", "-n", 48, "--json")
            .succeeds()
            .json();
    List<Integer> ids = new ArrayList<>();
    found.get("tokens").forEach(token -> ids.add(token.get("id").asInt()));
    List<Integer> rightIds = new ArrayList<>();
    right.get("new_ids").forEach(id -> rightIds.add(id.asInt()));
    assertThat(ids).isEqualTo(rightIds);
    assertThat(found.get("text").asText()).isEqualTo(right.get("text").asText());
    assertThat(found.get("prompt_tokens").asInt()).isEqualTo(right.get("prompt_ids").size());
    assertThat(found.get("finish_reason").asText()).isEqualTo("length");
    Run streamed = run("generate", model, "-p", right.get("prompt").asText(), "--greedy", "-n", 48);
    assertThat(streamed.succeeds().out()).isEqualTo(right.get("text").asText() + "\n");
    assertThat(streamed.err()).isEmpty();
  }

  @Test
  void aSeedRepeatsAndStopsEndTheText() throws IOException {
    Path prompt = Files.writeString(dir.resolve("prompt.txt"), "The old man “said");
    Run first = run("generate", model, "--prompt-file", prompt, "-n", 30, "--seed", 5, "--stats");
    Run second = run("generate", model, "--prompt-file", prompt, "-n", 30, "--seed", 5);
    assertThat(first.succeeds().out()).isEqualTo(second.succeeds().out());
    assertThat(first.err()).contains("tokens/s", "KV cache", "vanilla", "kernels", "seed 5");
    JsonNode stopped =
        run(
                "generate",
                model,
                "-p",
                "It was the best of times",
                "--greedy",
                "--stop",
                "gentleman",
                "--stop",
                "never seen",
                "--json")
            .succeeds()
            .json();
    assertThat(stopped.get("finish_reason").asText()).isEqualTo("stop");
    assertThat(stopped.get("text").asText()).endsWith("said the old ");
  }

  @Test
  void depthsInColourAndWithout() {
    Object[] arguments = {
      "generate", model, "-p", "The sea", "-n", 8, "--seed", 1, "--show-depths"
    };
    assertThat(run(arguments).succeeds().out()).containsPattern("[₀-₃]").doesNotContain("\u001b");
    assertThat(runIn(Map.of(), true, arguments).out()).contains("\u001b[38;5;");
    assertThat(runIn(Map.of("NO_COLOR", "1"), true, arguments).out()).doesNotContain("\u001b");
    Object[] always = Arrays.copyOf(arguments, arguments.length + 1);
    always[arguments.length] = "--color=always";
    assertThat(runIn(Map.of("NO_COLOR", "1"), false, always).out()).contains("\u001b[38;5;");
  }

  @Test
  void scoringShowsHowFarItIs() {
    List<Object> score =
        List.of("perplexity", model, "--text", ALICE, "--window", 32, "--windows", 3);
    List<Object> compare =
        List.of("compare", model, model, "--text", ALICE, "--window", 32, "--windows", 3);
    for (List<Object> command : List.of(score, compare)) {
      Run seen = runIn(Map.of(), true, command.toArray()).succeeds();
      assertThat(seen.err()).contains("scoring", "3/3 windows");
      assertThat(seen.out()).contains("windows").doesNotContain("scoring");
      assertThat(runIn(Map.of(), false, command.toArray()).succeeds().err()).isEmpty();
      for (String option : List.of("--quiet", "-q", "--json")) {
        List<Object> silent = new ArrayList<>(command);
        silent.add(option);
        assertThat(runIn(Map.of(), true, silent.toArray()).succeeds().err()).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"topk", "threshold"})
  void depthsOfAText(String routing) throws IOException {
    String text = "Alice <b>thought</b> & “wondered”…\n\n  The 海 was \"blue\", 🙂 she said.";
    Path file = Files.writeString(dir.resolve("text.txt"), text);
    Path html = dir.resolve("depths.html");
    Run run =
        run("depths", model, "--text", file, "--html", html, "--routing", routing, "--color=never");
    String plain = run.succeeds().out().replaceAll("[₀₁₂₃]", "");
    assertThat(plain).startsWith(text).contains("depth 3", "active per recursion: 1.000");
    String page = Files.readString(html);
    String body = page.substring(page.indexOf("<div class=\"text\">"));
    String shown =
        Pattern.compile("<[^>]*>")
            .matcher(body)
            .replaceAll("")
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&");
    assertThat(shown.strip()).isEqualTo(text);
    assertThat(page).contains("<meta charset=\"utf-8\">").doesNotContain("http", "<script", "<b>");
  }

  @Test
  void textsThatAreNone() throws IOException {
    Path latin1 = Files.write(dir.resolve("latin1.txt"), new byte[] {'a', (byte) 0xe9, 'b'});
    run("depths", model, "--text", latin1).fails(3, "latin1.txt: not UTF-8");
    run("generate", model, "--prompt-file", dir).fails(3, dir.getFileName().toString());
    run("perplexity", model, "--text", dir.resolve("none")).fails(3, "no such file");
  }

  @Test
  void depthsSayWhatWasLeftOut() {
    Run run = run("depths", model, "--text", ALICE, "--limit", 20);
    assertThat(run.succeeds().err()).contains("the first 20 of 45");
  }

  @Test
  void fewerRecursionsAndAnotherThreshold() throws IOException {
    Path part =
        Files.writeString(dir.resolve("part.txt"), Files.readString(ALICE).substring(0, 9000));
    JsonNode one =
        run(
                "perplexity",
                model,
                "--text",
                part,
                "--window",
                512,
                "--routing",
                "threshold",
                "--max-recursions",
                1,
                "--json")
            .succeeds()
            .json();
    assertThat(one.get("active_per_recursion").get(1).asDouble()).isZero();
    assertThat(one.get("windows").asInt()).isBetween(3, 9);
    run("perplexity", model, "--text", ALICE, "--threshold", 0.6).fails(2, "--routing topk");
    run("perplexity", model, "--text", ALICE, "--window", 4096).fails(2, "2048");
    run("perplexity", model, "--text", TRAINED.resolve("training.json")).fails(2, "--window");
  }
}
