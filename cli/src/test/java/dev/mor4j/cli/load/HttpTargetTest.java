package dev.mor4j.cli.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mor4j.cli.FakeCompletionServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HttpTargetTest {
  private static final int NEVER = PlannedRequest.NEVER;

  private final StageMeasures measures = new StageMeasures();
  private Exchange exchange = new Exchange(measures, System.nanoTime());

  @Test
  void readsAnAnswer() throws IOException {
    try (FakeCompletionServer server =
            new FakeCompletionServer(
                (number, body, out) -> {
                  FakeCompletionServer.events(out);
                  FakeCompletionServer.token(out, "a");
                  // Bytes of a character that is not whole yet: a token without a text.
                  FakeCompletionServer.token(out, "");
                  FakeCompletionServer.token(out, "b");
                  FakeCompletionServer.end(out, "length", 7, 5);
                });
        HttpTarget target = target(server)) {
      RequestEnd end = target.run(request(5, NEVER, null), exchange);
      assertThat(end.ending()).isEqualTo(Ending.COMPLETED);
      assertThat(end.reason()).isEqualTo("length");
      assertThat(end.promptTokens()).isEqualTo(7);
      // Two came with others; the server says so in the end.
      assertThat(end.tokens()).isEqualTo(5);
      assertThat(measures.totals().tokens()).isEqualTo(5);
      assertThat(measures.latencies().firstToken().count()).isEqualTo(1);
      assertThat(measures.latencies().betweenTokens().count()).isEqualTo(2);
      JsonNode sent = new ObjectMapper().readTree(server.bodies().getFirst());
      assertThat(sent.get("prompt").toString()).isEqualTo("[3,1,4]");
      assertThat(sent.get("max_tokens").asInt()).isEqualTo(5);
      assertThat(sent.get("seed").asLong()).isEqualTo(99);
      assertThat(sent.get("temperature").asDouble()).isZero();
      assertThat(sent.get("stream").asBoolean()).isTrue();
      assertThat(sent.get("stream_options").get("include_usage").asBoolean()).isTrue();
      assertThat(sent.get("model").asText()).isEqualTo("m");
      assertThat(server.heads().getFirst())
          .startsWith("POST /v1/completions HTTP/1.1")
          .contains("Authorization: Bearer secret");
    }
  }

  @Test
  void saysHowItEnded() throws IOException {
    assertEnds(out -> FakeCompletionServer.status(out, 429, "busy"), Ending.REFUSED, "http_429");
    assertEnds(out -> FakeCompletionServer.status(out, 503, "busy"), Ending.REFUSED, "http_503");
    RequestEnd odd =
        assertEnds(
            out -> FakeCompletionServer.status(out, 500, "broken"), Ending.FAILED, "http_500");
    assertThat(odd.message()).isEqualTo("HTTP 500: broken");
    RequestEnd error =
        assertEnds(
            out -> {
              FakeCompletionServer.events(out);
              FakeCompletionServer.data(out, "{\"error\":{\"code\":1,\"message\":\"no logits\"}}");
            },
            Ending.FAILED,
            "error_event");
    assertThat(error.message()).isEqualTo("no logits");
    assertEnds(
        out -> {
          FakeCompletionServer.events(out);
          FakeCompletionServer.token(out, "a");
        },
        Ending.FAILED,
        "cut_off");
    assertEnds(
        out -> {
          FakeCompletionServer.events(out);
          FakeCompletionServer.data(out, "nonsense");
        },
        Ending.FAILED,
        "JsonParseException");
    assertEnds(
        out -> {
          FakeCompletionServer.events(out);
          FakeCompletionServer.end(out, "stop", 3, 0);
        },
        Ending.COMPLETED,
        "stop");
  }

  @Test
  void cancelsAndKeepsDeadlines() throws IOException {
    try (FakeCompletionServer server = new FakeCompletionServer((n, body, out) -> endless(out));
        HttpTarget target = target(server)) {
      RequestEnd cancelled = target.run(request(100, 3, null), exchange);
      assertThat(cancelled.ending()).isEqualTo(Ending.CANCELLED);
      assertThat(cancelled.tokens()).isEqualTo(3);
      exchange = new Exchange(measures, System.nanoTime());
      RequestEnd late = target.run(request(100, NEVER, Duration.ofMillis(50)), exchange);
      assertThat(late.ending()).isEqualTo(Ending.DEADLINE);
      exchange = new Exchange(measures, System.nanoTime());
      exchange.cut();
      RequestEnd cut = target.run(request(100, NEVER, Duration.ofMinutes(9)), exchange);
      assertThat(cut.ending()).isEqualTo(Ending.CUT);
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }
  }

  @Test
  void asksForAModel() throws Exception {
    String models =
        "{\"models\":[{\"name\":\"x\",\"id\":7}],\"data\":[{\"o\":{},\"id\":\"m8\"},{\"id\":\"n\"}]}";
    for (String body : new String[] {models, "{\"data\":[]}"}) {
      try (FakeCompletionServer server =
              new FakeCompletionServer(
                  (n, sent, out) -> FakeCompletionServer.status(out, 200, body));
          HttpTarget target =
              HttpTarget.ofFirstModel(
                  new ServerAddress(server.uri(), Optional.empty(), Optional.of("k")))) {
        assertThat(target.server().model())
            .isEqualTo(body.equals(models) ? Optional.of("m8") : Optional.empty());
        assertThat(server.heads().getFirst()).startsWith("GET /v1/models ").contains("Bearer k");
      }
    }
    PlannedRequest request = request(5, NEVER, null);
    assertThat(CompletionMessages.request(request, Optional.empty())).doesNotContain("model");
  }

  @Test
  void nobodyThere() throws IOException {
    URI address;
    try (FakeCompletionServer server = new FakeCompletionServer((n, body, out) -> {})) {
      address = server.uri();
    }
    try (HttpTarget target =
        new HttpTarget(new ServerAddress(address, Optional.of("m"), Optional.empty()))) {
      RequestEnd end = target.run(request(5, NEVER, null), exchange);
      assertThat(end.ending()).isEqualTo(Ending.FAILED);
      assertThat(end.reason()).isEqualTo("ConnectException");
    }
    ServerAddress nameless = new ServerAddress(address, Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> HttpTarget.ofFirstModel(nameless))
        .hasMessageStartingWith(address + " does not answer: ");
  }

  @Test
  void addresses() {
    for (String base :
        new String[] {"http://a:1", "http://a:1/", "http://a:1/v1", "http://a:1/v1/"}) {
      assertThat(
              new ServerAddress(URI.create(base), Optional.of("m"), Optional.of("k")).completions())
          .hasToString("http://a:1/v1/completions");
    }
    assertThat(
            new ServerAddress(URI.create("http://a"), Optional.of("m"), Optional.of("key"))
                .toString())
        .doesNotContain("key");
    assertThatThrownBy(
            () -> new ServerAddress(URI.create("localhost:80"), Optional.of("m"), Optional.empty()))
        .hasMessageContaining("is no address such as http://localhost:8080");
  }

  @Test
  void eventsOfSeveralLines() throws IOException {
    ServerSentEvents events = new ServerSentEvents(InputStream.nullInputStream());
    assertThat(events.next()).isNull();
    events =
        new ServerSentEvents(
            new java.io.ByteArrayInputStream(
                "data: a\r\ndata:b\r\n\r\nid: 7\n\ndata: c"
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    assertThat(events.next()).isEqualTo("a\nb");
    assertThat(events.next()).isEqualTo("c");
    assertThat(events.next()).isNull();
  }

  private interface Writing {
    void to(OutputStream out) throws IOException;
  }

  private RequestEnd assertEnds(Writing answer, Ending ending, String reason) throws IOException {
    try (FakeCompletionServer server =
            new FakeCompletionServer((number, body, out) -> answer.to(out));
        HttpTarget target = target(server)) {
      RequestEnd end = target.run(request(5, NEVER, null), new Exchange(measures, 0));
      assertThat(end.ending()).as(end.message()).isEqualTo(ending);
      assertThat(end.reason()).isEqualTo(reason);
      return end;
    }
  }

  private static void endless(OutputStream out) throws IOException {
    FakeCompletionServer.events(out);
    try {
      while (true) {
        FakeCompletionServer.token(out, "a");
        Thread.sleep(1);
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static HttpTarget target(FakeCompletionServer server) {
    return new HttpTarget(new ServerAddress(server.uri(), Optional.of("m"), Optional.of("secret")));
  }

  private static PlannedRequest request(int most, int cancelAfter, Duration deadline) {
    return new PlannedRequest(
        0,
        new Prompt.Ids(new int[] {3, 1, 4}),
        most,
        99,
        0,
        cancelAfter,
        Optional.ofNullable(deadline));
  }
}
