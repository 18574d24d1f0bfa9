package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.engine.FinishReason;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Clients that leave, queues that are full, and the end of the server. */
class ServerLifeTest {
  /** Runs until somebody ends it. */
  private static final String ENDLESS =
      "{\"prompt\":\"Once\",\"max_tokens\":32000,\"temperature\":0";

  @TempDir static Path shared;

  static boolean hasCancelled(EngineStatistics now) {
    return now.finished().getOrDefault(FinishReason.CANCELLED, 0L) > 0;
  }

  private static Socket begin(TestServer server, String body) throws IOException {
    Socket socket = Http.connect(server.port());
    Http.write(socket, Http.text("POST", "/v1/completions", body));
    return socket;
  }

  @Test
  void aStreamWhoseClientLeavesIsCancelled() throws Exception {
    try (TestServer server = TestServer.start(shared)) {
      try (Socket socket = begin(server, ENDLESS + ",\"stream\":true}")) {
        byte[] beginning = socket.getInputStream().readNBytes(400);
        assertThat(new String(beginning, StandardCharsets.UTF_8)).contains("data: {");
        server.await(now -> now.running() == 1);
      }
      server.await(now -> now.running() == 0);
      assertThat(hasCancelled(server.engine.statistics())).isTrue();
    }
  }

  @Test
  @Timeout(300)
  void aWholeTextWhoseClientLeavesIsCancelled() throws Exception {
    try (TestServer server = TestServer.start(shared)) {
      try (Socket socket = begin(server, ENDLESS + "}")) {
        assertThat(socket.isConnected()).isTrue();
        server.await(now -> now.running() == 1);
      }
      server.await(now -> now.running() == 0);
      assertThat(hasCancelled(server.engine.statistics())).isTrue();
      // Counted as gone, and not as an answer; its thread takes a moment to notice.
      assertThat(server.awaitMetrics("mor4j_http_responses_total{code=\"499\"} 1.0"))
          .doesNotContain("code=\"503\"");
    }
  }

  @Test
  void aClientThatLeavesTheQueueIsForgotten() throws Exception {
    try (TestServer server = oneAtATime();
        Socket runs = begin(server, ENDLESS + "}")) {
      server.await(now -> now.running() == 1);
      try (Socket waits = begin(server, ENDLESS + "}")) {
        assertThat(waits.isConnected()).isTrue();
        server.await(now -> now.queued() == 1);
      }
      server.await(now -> now.queued() == 0);
      assertThat(server.engine.statistics().running()).isEqualTo(1);
      assertThat(runs.isConnected()).isTrue();
    }
  }

  private static TestServer oneAtATime() throws IOException {
    return TestServer.start(
        shared, engine -> engine.withMaxSequences(1).withMaxQueued(1), options -> options);
  }

  @Test
  void requestsThatComeEarlyWaitForTheirTurn() throws IOException {
    try (TestServer server = TestServer.start(shared);
        Socket socket = Http.connect(server.port())) {
      StringBuilder three = new StringBuilder();
      for (int tokens = 200; tokens <= 202; tokens++) {
        three.append(
            Http.text(
                "POST",
                "/v1/completions",
                "{\"prompt\":\"Once\",\"temperature\":0,\"max_tokens\":" + tokens + "}"));
      }
      // The second half arrives while the first request is handled, and nobody reads but the watch.
      int half = three.length() / 2;
      Http.write(socket, three.substring(0, half));
      Http.write(socket, three.substring(half));
      InputStream in = socket.getInputStream();
      for (int tokens = 200; tokens <= 202; tokens++) {
        JsonNode usage = Http.read(in).succeeds().json().get("usage");
        assertThat(usage.get("completion_tokens").asInt()).isEqualTo(tokens);
      }
    }
  }

  @Test
  void aFullQueueSaysWhenToComeAgain() throws Exception {
    try (TestServer server = oneAtATime();
        Socket runs = begin(server, ENDLESS + "}")) {
      server.await(now -> now.running() == 1);
      try (Socket waits = begin(server, ENDLESS + "}")) {
        server.await(now -> now.queued() == 1);
        Http.Answer answer = server.complete("{\"prompt\":\"a\"}");
        JsonNode error = answer.fails(429, "");
        assertThat(error.get("type").asText()).isEqualTo("rate_limit_error");
        assertThat(error.get("code").asText()).isEqualTo("queue_full");
        assertThat(answer.headers().get("retry-after")).isEqualTo("1");
        assertThat(runs.isConnected() && waits.isConnected()).isTrue();
      }
      // Of several prompts those that were taken in are given up when another is refused.
      server.await(now -> now.queued() == 0);
      server.complete("{\"prompt\":[\"a\",\"b\",\"c\"]}").fails(429, "");
      server.await(now -> now.queued() == 0);
    }
  }

  @Test
  void drainingLetsRequestsFinish() throws Exception {
    try (TestServer server = TestServer.start(shared);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Socket idle = Http.connect(server.port())) {
      CompletableFuture<Http.Answer> running =
          CompletableFuture.supplyAsync(
              () -> server.complete("{\"prompt\":\"Once\",\"max_tokens\":9000,\"temperature\":0}"),
              threads);
      server.await(now -> now.running() == 1);
      CompletableFuture<Boolean> drained =
          CompletableFuture.supplyAsync(() -> drain(server, Duration.ofMinutes(5)), threads);
      Http.Answer health = server.get("/health");
      while (health.status() == 200) {
        health = server.get("/health");
      }
      assertThat(health.status()).isEqualTo(503);
      assertThat(health.json().get("status").asText()).isEqualTo("draining");
      server.complete("{\"prompt\":\"a\"}").fails(503, "shutting down");
      assertThat(drained.get()).isTrue();
      JsonNode usage = running.get().succeeds().json().get("usage");
      assertThat(usage.get("completion_tokens").asInt()).isEqualTo(9000);
      server.server.close();
      assertThat(idle.getInputStream().read()).isNegative();
      assertThatThrownBy(() -> Http.connect(server.port())).isInstanceOf(IOException.class);
    }
  }

  private static boolean drain(TestServer server, Duration limit) {
    try {
      return server.server.drain(limit);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatIsNotDrainedIsCancelledAndSaysSo() throws Exception {
    try (TestServer server = TestServer.start(shared);
        Socket whole = begin(server, ENDLESS + "}");
        Socket stream = begin(server, ENDLESS + ",\"stream\":true}")) {
      server.await(now -> now.running() == 2);
      byte[] first = stream.getInputStream().readNBytes(20);
      assertThat(new String(first, StandardCharsets.UTF_8)).startsWith("HTTP/1.1 200");
      // Read all the time, so that no event has to wait for room.
      CompletableFuture<String> rest =
          CompletableFuture.supplyAsync(() -> readAll(stream), Thread::startVirtualThread);
      assertThat(drain(server, Duration.ofMillis(50))).isFalse();
      Http.read(whole.getInputStream()).fails(503, "shutting down");
      server.server.close();
      assertThat(rest.get()).contains("\"code\":\"shutting_down\"").doesNotContain("[DONE]");
    }
  }

  private static String readAll(Socket socket) {
    try {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void closingEndsWhatRuns() throws Exception {
    TestServer server = TestServer.start(shared);
    int port = server.port();
    try (Socket socket = begin(server, ENDLESS + "}")) {
      server.await(now -> now.running() == 1);
      server.close();
      Http.read(socket.getInputStream()).fails(503, "shutting down");
      server.server.close();
    }
    assertThatThrownBy(() -> Http.connect(port)).isInstanceOf(ConnectException.class);
  }

  @Test
  void aPortIsTakenOnce() throws IOException {
    try (TestServer server = TestServer.start(shared)) {
      ServerOptions same = ServerOptions.of("x").withAddress("127.0.0.1", server.port());
      assertThatThrownBy(() -> MorServer.start(server.engine, same))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cannot listen at 127.0.0.1 port " + server.port())
          .hasMessageContaining("in use");
      ServerOptions nowhere = ServerOptions.of("x").withAddress("no.such.host.invalid", 0);
      assertThatThrownBy(() -> MorServer.start(server.engine, nowhere))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("no.such.host.invalid");
      server.get("/health").succeeds();
    }
  }
}
