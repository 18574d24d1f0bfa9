package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mor4j.runtime.CudaReport;
import dev.mor4j.testing.EmulatedGpu;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server on the emulated GPU: the texts of the CPU, and what it says without room. */
class ServerGpuTest {
  private static final String BODY =
      "{\"prompt\":\"The sea\",\"max_tokens\":8,\"temperature\":0,\"return_tokens\":true}";

  @TempDir static Path shared;

  @BeforeEach
  @AfterEach
  void reset() {
    CudaReport report = CudaReport.read();
    EmulatedGpu.require(report.available() && report.emulated(), report);
  }

  private static JsonNode choice(TestServer server) {
    return server.complete(BODY).succeeds().json().get("choices").get(0);
  }

  @Test
  void answersAsOnTheCpuAndGoesOnAfterItsMemoryRanOut() throws Exception {
    JsonNode expected;
    try (TestServer cpu = TestServer.start(shared)) {
      expected = choice(cpu);
    }
    try (TestServer server =
        TestServer.startOnGpu(
            shared, engine -> engine.withMaxSequences(4).withKvBytes(256L << 20))) {
      assertThat(server.get("/metrics").body()).contains("backend=\"CUDA on ");
      EmulatedGpu.memoryLimit(EmulatedGpu.allocatedBytes());
      server.complete(BODY).fails(503, "no room on the GPU for ");
      JsonNode error = server.complete(BODY).fails(503, "bytes are free");
      assertThat(error.get("code").asText()).isEqualTo("out_of_memory");
      assertThat(error.get("type").asText()).isEqualTo("server_error");
      // Nothing of the stream has been sent by then.
      server.complete(streamed(BODY)).fails(503, "no room on the GPU for ");
      assertThat(server.awaitMetrics("mor4j_http_responses_total{code=\"503\"} 3.0"))
          .contains("mor4j_requests_out_of_memory_total 3", "mor4j_requests_failed_total 3");

      EmulatedGpu.memoryLimit(0);
      assertThat(choice(server)).isEqualTo(expected);
      List<CompletableFuture<JsonNode>> together = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        together.add(CompletableFuture.supplyAsync(() -> choice(server)));
      }
      for (CompletableFuture<JsonNode> one : together) {
        assertThat(one.get()).isEqualTo(expected);
      }
    }
  }

  /** Load balancers are told that nothing comes of this process any more. */
  @Test
  void saysThatItsGpuHasFailed() throws Exception {
    try (TestServer server =
        TestServer.startOnGpu(
            shared, engine -> engine.withMaxSequences(4).withKvBytes(256L << 20))) {
      assertThat(server.get("/health").json().get("status").asText()).isEqualTo("ok");
      EmulatedGpu.failNext("execute", EmulatedGpu.ILLEGAL_ADDRESS);
      server.complete(BODY).fails(503, "the GPU ");
      server.complete(BODY).fails(503, "the GPU has failed before (");
      Http.Answer health = server.get("/health");
      assertThat(health.status()).isEqualTo(503);
      assertThat(health.json().get("status").asText()).isEqualTo("failed");
      assertThat(health.json().get("failure").asText()).startsWith("the GPU ");
    }
  }

  private static String streamed(String body) {
    return body.replace("{\"prompt\"", "{\"stream\":true,\"prompt\"");
  }
}
