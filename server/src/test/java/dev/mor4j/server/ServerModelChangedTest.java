package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server whose model's file is no longer the one that it opened. */
class ServerModelChangedTest {
  private static final String BODY = "{\"prompt\":\"The sea\",\"max_tokens\":4}";

  @TempDir Path folder;

  @Test
  void requestsAndHealthSayWhatHappened() throws Exception {
    try (TestServer server = TestServer.start(folder)) {
      server.complete(BODY).succeeds();
      assertThat(server.get("/health").status()).isEqualTo(200);
      Files.delete(server.model.folder().resolve("model.safetensors"));
      Http.Answer health = server.get("/health");
      assertThat(health.status()).isEqualTo(503);
      assertThat(health.json().get("status").asText()).isEqualTo("failed");
      assertThat(health.json().get("failure").asText())
          .doesNotContain(folder.toString(), "model.safetensors")
          .endsWith("the file was deleted or moved away while the model was open");
      JsonNode error = server.complete(BODY).fails(503, "was deleted or moved away");
      assertThat(error.get("code").asText()).isEqualTo("model_changed");
      // Where it lies is for the server's log.
      assertThat(error.get("message").asText())
          .doesNotContain(folder.toString(), "model.safetensors");
      server
          .complete(BODY.replace("{\"prompt\"", "{\"stream\":true,\"prompt\""))
          .fails(503, "was deleted or moved away");
    }
  }
}
