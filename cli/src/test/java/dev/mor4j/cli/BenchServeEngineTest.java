package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench-serve} with an engine in this process, of a tiny model. */
class BenchServeEngineTest extends CommandLineTest {
  @TempDir static Path shared;
  private static Path model;

  @BeforeAll
  static void convert() throws IOException {
    model = converted(golden("expert-n3"), shared.resolve("model"));
  }

  private Run bench(Object... more) {
    Object[] first = {
      "bench-serve",
      model,
      "--prompt-mean",
      8,
      "--prompt-sd",
      3,
      "--output-mean",
      10,
      "--output-sd",
      4,
      "--json",
      dir.resolve("results.json"),
      "--overwrite"
    };
    Object[] all = java.util.Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return run(all);
  }

  private JsonNode results() throws IOException {
    return new ObjectMapper().readTree(dir.resolve("results.json").toFile());
  }

  @Test
  void everyRequestIsAccountedFor() throws IOException {
    Path html = dir.resolve("page.html");
    Path timeline = dir.resolve("timeline.txt");
    Run run =
        bench(
            "--rate",
            "300,600",
            "--requests",
            60,
            "--cancel-share",
            0.2,
            "--shared-prefix",
            12,
            "--temperature",
            0.8,
            "--html",
            html,
            "--timeline",
            timeline);
    assertThat(run.succeeds().out()).contains("mean depth", "tokens by depth", "prefix hits");
    JsonNode document = results();
    assertThat(document.get("passed").asBoolean()).isTrue();
    assertThat(document.get("target").get("kind").asText()).isEqualTo("engine");
    assertThat(document.get("target").get("shape").get("recursions").asInt()).isEqualTo(3);
    assertThat(document.get("target").get("engine").get("max_sequences").asInt()).isEqualTo(32);
    for (JsonNode stage : document.get("stages")) {
      JsonNode requests = stage.get("requests");
      assertThat(requests.get("sent").asInt()).isEqualTo(60);
      assertThat(requests.get("completed").asInt() + requests.get("cancelled").asInt())
          .isEqualTo(60);
      JsonNode engine = stage.get("engine");
      assertThat(engine.get("submitted").asInt()).isEqualTo(60);
      assertThat(engine.get("passes").asInt()).isPositive();
      assertThat(engine.get("mean_depth").asDouble()).isBetween(1.0, 3.0);
      assertThat(engine.get("generated_at_depth")).hasSize(3);
      assertThat(engine.get("kv_peak_bytes").asLong()).isNotNegative();
      assertThat(stage.get("latency_ms").get("queue").get("count").asInt()).isEqualTo(60);
    }
    assertThat(Files.readString(html))
        .contains("Depths that shared the last passes", "rows of recursion", "KV pages held")
        .doesNotContain("NaN", "<script", "src=");
    List<String> lines = Files.readAllLines(timeline);
    assertThat(lines).anyMatch(line -> line.matches(".*  1+2*3*( \\*)?")).contains("# 300/s");
  }

  @Test
  void aBusyEngineRefuses() throws IOException {
    bench(
            "--rate",
            20_000,
            "--requests",
            200,
            "--max-sequences",
            2,
            "--max-queued",
            1,
            "--depth-batching",
            "off",
            "--no-prefix-cache")
        .succeeds();
    JsonNode requests = results().get("stages").get(0).get("requests");
    assertThat(requests.get("refused").asInt()).isPositive();
    assertThat(requests.get("refused_by_reason").get("queue_full").asInt())
        .isEqualTo(requests.get("refused").asInt());
    assertThat(requests.get("completed").asInt() + requests.get("refused").asInt()).isEqualTo(200);
    assertThat(results().get("target").get("engine").get("depth_batching").asText())
        .isEqualTo("off");
  }

  @Test
  void closedLoop() throws IOException {
    Path page = dir.resolve("depths.html");
    assertThat(bench("--concurrency", 4, "--requests", 40, "--timeline", page).succeeds().out())
        .contains("4 clients", "greedy, seed 1");
    JsonNode stage = results().get("stages").get(0);
    assertThat(stage.get("requests").get("completed").asInt()).isEqualTo(40);
    assertThat(stage.get("completed_mean_tokens").asDouble()).isCloseTo(10, within(3.0));
    assertThat(stage.get("concurrency").asInt()).isEqualTo(4);
    for (JsonNode sample : stage.get("series")) {
      assertThat(sample.get("in_flight").asInt()).isLessThanOrEqualTo(4);
    }
    assertThat(Files.readString(page)).contains("<svg", "rows of recursion", "4 clients");
  }

  @Test
  void deadlinesPass() throws IOException {
    bench("--rate", 5000, "--requests", 300, "--max-sequences", 1, "--deadline-ms", 1).succeeds();
    JsonNode requests = results().get("stages").get(0).get("requests");
    assertThat(requests.get("deadline").asInt()).isPositive();
    assertThat(requests.get("failed").asInt()).isZero();
  }

  @Test
  void whatTheModelCannotDo() {
    bench("--rate", 1, "--context", 1 << 20).fails(2, "expected at most the model's");
    bench("--rate", 1, "--text", ALICE).fails(3, "tokenizer.json");
    bench("--rate", 1, "--max-sequences", 0).fails(2, "maxSequences is 0");
    bench("--rate", 1, "--max-recursions", 9, "--requests", 1).fails(2, "maxRecursions is 9");
    assertThat(dir.resolve("results.json")).doesNotExist();
  }
}
