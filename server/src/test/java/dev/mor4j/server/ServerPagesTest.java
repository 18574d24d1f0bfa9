package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a server tells of itself. */
class ServerPagesTest {
  private static final Pattern SAMPLE =
      Pattern.compile("([a-z0-9_]+)(\\{([a-z_]+=\"[^\"]*\",?)*})? (-?[0-9.E+-]+|\\+Inf|NaN)");

  @TempDir static Path shared;
  private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start(shared);
    server.complete("{\"prompt\":\"Once\",\"max_tokens\":30,\"temperature\":0}").succeeds();
    server.complete("{\"prompt\":5}").fails(400, "");
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void models() {
    JsonNode list = server.get("/v1/models").succeeds().json();
    assertThat(list.get("object").asText()).isEqualTo("list");
    assertThat(list.get("data")).hasSize(1);
    JsonNode one = server.get("/v1/models/tiny").succeeds().json();
    assertThat(list.get("data").get(0)).isEqualTo(one);
    assertThat(one.get("id").asText()).isEqualTo("tiny");
    assertThat(one.get("object").asText()).isEqualTo("model");
    assertThat(one.get("max_recursions").asInt()).isEqualTo(3);
    assertThat(one.get("max_model_len").asInt()).isEqualTo(TestServer.CONTEXT);
  }

  @Test
  void health() throws IOException {
    JsonNode health = server.get("/health").succeeds().json();
    assertThat(health.get("status").asText()).isEqualTo("ok");
    assertThat(health.get("queued").asInt()).isZero();
    assertThat(health.get("running").asInt()).isZero();
    try (Socket socket = Http.connect(server.port())) {
      Http.write(socket, Http.text("HEAD", "/health", null, "Connection: close"));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n");
    }
  }

  @Test
  void metrics() throws InterruptedException {
    server.awaitMetrics(
        "mor4j_http_responses_total{code=\"400\"} ", "mor4j_http_responses_total{code=\"200\"} ");
    Http.Answer answer = server.get("/metrics").succeeds();
    assertThat(answer.headers().get("content-type")).startsWith("text/plain; version=0.0.4");
    Map<String, Double> samples = new HashMap<>();
    Set<String> typed = new HashSet<>();
    List<String> buckets = new ArrayList<>();
    for (String line : answer.body().split("\n", -1)) {
      if (line.startsWith("# TYPE ")) {
        assertThat(typed.add(line.split(" ", -1)[2])).as(line).isTrue();
      } else if (!line.startsWith("#") && !line.isEmpty()) {
        Matcher matcher = SAMPLE.matcher(line);
        assertThat(matcher.matches()).as(line).isTrue();
        int space = line.lastIndexOf(' ');
        double value = Double.parseDouble(line.substring(space + 1).replace("+Inf", "Infinity"));
        assertThat(samples.put(line.substring(0, space), value)).as(line).isNull();
        if (line.startsWith("mor4j_request_time_seconds_bucket")) {
          buckets.add(line.substring(0, space));
        }
      }
    }
    assertThat(samples)
        .containsKeys(
            "mor4j_requests_submitted_total",
            "mor4j_requests_finished_total{reason=\"length\"}",
            "mor4j_requests_failed_total",
            "mor4j_requests_queued",
            "mor4j_sequences_running",
            "mor4j_block_rows{recursion=\"3\"}",
            "mor4j_exits_waiting",
            "mor4j_prompt_tokens_total",
            "mor4j_prompt_tokens_cached_total",
            "mor4j_generated_tokens_total",
            "mor4j_generated_tokens_at_depth_total{depth=\"1\"}",
            "mor4j_passes_total",
            "mor4j_pass_rows_total",
            "mor4j_preemptions_total",
            "mor4j_kv_budget_bytes",
            "mor4j_kv_held_bytes",
            "mor4j_kv_promised_bytes",
            "mor4j_kv_prefix_bytes",
            "mor4j_off_heap_bytes{use=\"mapped_weights\"}",
            "mor4j_time_to_first_token_seconds_count",
            "mor4j_between_tokens_seconds_sum",
            "mor4j_queue_time_seconds_count");
    assertThat(samples.get("mor4j_generated_tokens_total")).isGreaterThanOrEqualTo(30);
    assertThat(samples.get("mor4j_http_responses_total{code=\"400\"}")).isEqualTo(1);
    assertThat(samples.get("mor4j_http_responses_total{code=\"200\"}")).isPositive();
    assertThat(buckets.getLast()).contains("le=\"+Inf\"");
    double before = 0;
    for (String bucket : buckets) {
      assertThat(samples.get(bucket)).as(bucket).isGreaterThanOrEqualTo(before);
      before = samples.get(bucket);
    }
    assertThat(before).isEqualTo(samples.get("mor4j_request_time_seconds_count"));
    assertThat(answer.body()).contains("mor4j_model_info{").contains("name=\"tiny\"");
  }

  @Test
  void timeline() {
    Http.Answer answer = server.get("/timeline").succeeds();
    assertThat(answer.headers().get("content-type")).isEqualTo("text/html; charset=utf-8");
    assertThat(answer.headers().get("content-security-policy")).startsWith("default-src 'none'");
    assertThat(answer.body())
        .contains("by recursion", "background:#4c9be8", "</html>")
        .doesNotContain("<script", "http:");
    assertThat(answer.body().split("<tr>", -1).length).isGreaterThan(2);
  }
}
