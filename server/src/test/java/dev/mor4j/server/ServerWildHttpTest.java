package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.engine.FinishReason;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * HTTP as it comes: halves of connections, bodies that are too short, requests that are none. Each
 * case is tried several times and in pieces, for what arrives together differs from time to time.
 */
class ServerWildHttpTest {
  private static final int TRIES = 5;

  private static final String BODY = "{\"prompt\":\"Once\",\"max_tokens\":3}";
  private static final String ENDLESS =
      "{\"prompt\":\"Once\",\"max_tokens\":32000,\"temperature\":0";

  /** What belongs to a program and not to an answer. */
  private static final Pattern INTERNALS =
      Pattern.compile(
          "(?i)exception|jetty|jackson|dev\\.mor4j|org\\.|com\\.|java\\.|\\bat [a-z]+\\.|_feature|streamread"
              + "|stack|constraint|token \\(|compliance|violation");

  @TempDir static Path shared;
  private static TestServer server;

  @BeforeAll
  static void start() throws IOException {
    server = TestServer.start(shared);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /**
   * A request and what it is answered with.
   *
   * @param request as it is sent; what follows a '¦' is sent a moment later
   * @param end whether the client ends its side after it
   */
  record Case(String name, String request, boolean end, int status) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static String post(String headers, String body) {
    return "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\n"
        + "Content-Type: application/json\r\n"
        + headers
        + "\r\n"
        + body;
  }

  private static String sized(String body) {
    return post("Content-Length: " + body.getBytes(StandardCharsets.UTF_8).length + "\r\n", body);
  }

  private static String typed(String type) {
    return sized(BODY).replace("application/json", type);
  }

  private static String chunk(String data) {
    return Integer.toHexString(data.length()) + "\r\n" + data + "\r\n";
  }

  private static String chunked(String rest) {
    return post("Transfer-Encoding: chunked\r\n", rest);
  }

  private static String get(String target, String headers) {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
  }

  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    bodies(cases);
    codings(cases);
    lines(cases);
    json(cases);
    return cases;
  }

  private static void bodies(List<Case> cases) {
    String length = "Content-Length: " + BODY.length() + "\r\n";
    cases.add(new Case("plain", sized(BODY), false, 200));
    cases.add(new Case("half-closed", sized(BODY), true, 200));
    cases.add(new Case("half-closed, in two pieces", post(length, "¦" + BODY), true, 200));
    cases.add(new Case("half-closed, chunked", chunked(chunk(BODY) + "0\r\n\r\n"), true, 200));
    cases.add(new Case("half-closed read", get("/health", ""), true, 200));
    cases.add(new Case("short body, half-closed", post(length, "{\"pro¦mpt\""), true, 400));
    cases.add(new Case("no body, half-closed", post(length, ""), true, 400));
    cases.add(new Case("short chunks, half-closed", chunked(chunk("{\"pro")), true, 400));
    cases.add(new Case("half a chunk, half-closed", chunked("5\r\n{\"p"), true, 400));
    cases.add(new Case("bad chunk size", chunked("zz\r\n" + BODY + "\r\n0\r\n\r\n"), false, 400));
    cases.add(new Case("bad chunk size, later", chunked(chunk("{") + "¦xyz\r\n"), false, 400));
    cases.add(new Case("negative chunk size", chunked("-5\r\nabcde\r\n"), false, 400));
    cases.add(new Case("huge chunk size", chunked("fffffffffffffffff\r\n"), false, 400));
    cases.add(new Case("chunk without its end", chunked("1\r\n{{\r\n0\r\n\r\n"), false, 400));
    cases.add(
        new Case(
            "chunk with extension",
            chunked("1;a=b\r\n{\r\n" + chunk(BODY.substring(1)) + "0\r\n\r\n"),
            false,
            200));
    cases.add(new Case("bytes behind the body", sized(BODY) + "\r\n\r\nxyz", false, 200));
    cases.add(new Case("pipelined", sized(BODY) + get("/health", ""), false, 200));
    cases.add(
        new Case("expectation", post(length + "Expect: 100-continue\r\n", "¦" + BODY), false, 200));
    cases.add(new Case("other expectation", post(length + "Expect: cake\r\n", BODY), false, 417));
    cases.add(new Case("no length", post("", ""), false, 400));
  }

  private static void codings(List<Case> cases) {
    String chunks = chunk(BODY) + "0\r\n\r\n";
    cases.add(
        new Case(
            "gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n", chunks), false, 501));
    cases.add(
        new Case(
            "two lines",
            post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunks),
            false,
            501));
    cases.add(new Case("gzip alone", post("Transfer-Encoding: gzip\r\n", chunks), true, 400));
    cases.add(
        new Case(
            "chunked, gzip", post("Transfer-Encoding: chunked, gzip\r\n", chunks), false, 400));
    cases.add(
        new Case(
            "chunked twice", post("Transfer-Encoding: chunked, chunked\r\n", chunks), false, 400));
    cases.add(new Case("CHUNKED", post("TRANSFER-ENCODING: CHUNKED\r\n", chunks), false, 200));
    cases.add(
        new Case(
            "coding of a read",
            get("/health", "Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n",
            false,
            501));
    cases.add(
        new Case(
            "two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", BODY), false, 400));
    cases.add(
        new Case(
            "length and chunks",
            post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunks),
            false,
            400));
    cases.add(
        new Case(
            "chunks and length",
            post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunks),
            false,
            400));
    cases.add(new Case("length of letters", post("Content-Length: five\r\n", BODY), false, 400));
    cases.add(new Case("negative length", post("Content-Length: -5\r\n", BODY), false, 400));
    cases.add(new Case("length with a sign", post("Content-Length: +5\r\n", BODY), false, 400));
    cases.add(
        new Case(
            "huge length", post("Content-Length: 99999999999999999999\r\n", BODY), false, 400));
    cases.add(
        new Case(
            "gzip content",
            post("Content-Length: 3\r\nContent-Encoding: gzip\r\n", "abc"),
            false,
            415));
    cases.add(
        new Case(
            "identity content",
            sized(BODY).replace("\r\n\r\n", "\r\nContent-Encoding: identity\r\n\r\n"),
            false,
            200));
    cases.add(new Case("Latin 1", typed("application/json; charset=iso-8859-1"), false, 415));
    cases.add(new Case("UTF-16", typed("application/json; charset=\"utf-16\""), false, 415));
    cases.add(new Case("UTF-8", typed("application/json; charset=\"UTF-8\""), false, 200));
    cases.add(new Case("upper case", typed("Application/JSON"), false, 200));
  }

  private static void lines(List<Case> cases) {
    String x = "x".repeat(40_000);
    cases.add(new Case("HTTP/1.0", "GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n", false, 200));
    cases.add(new Case("HTTP/1.0, a body", sized(BODY).replace("HTTP/1.1", "HTTP/1.0"), true, 200));
    cases.add(new Case("HTTP/2.0", "GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n", false, 426));
    cases.add(new Case("HTTP/0.9", "GET /health\r\n\r\n", false, 505));
    cases.add(new Case("HTTP/9.9", "GET /health HTTP/9.9\r\n\r\n", false, 505));
    cases.add(new Case("absolute target", get("http://localhost/health", ""), false, 200));
    cases.add(
        new Case("absolute target of another", get("http://example.com/health", ""), false, 400));
    cases.add(new Case("no host", "GET /health HTTP/1.1\r\n\r\n", false, 400));
    cases.add(new Case("two hosts", get("/health", "Host: example.com\r\n"), false, 400));
    cases.add(new Case("long target", get("/" + x, ""), false, 414));
    cases.add(new Case("long header", get("/health", "X: " + x + "\r\n"), false, 431));
    cases.add(new Case("NUL in a header", get("/health", "X: a\0b\r\n"), false, 400));
    cases.add(new Case("NUL in the target", get("/hea\0lth", ""), false, 400));
    cases.add(new Case("escaped NUL", get("/health%00", ""), false, 400));
    cases.add(new Case("escaped slash", get("/v1%2fmodels", ""), false, 400));
    cases.add(new Case("bad escape", get("/health%zz", ""), false, 400));
    cases.add(new Case("dots", get("/v1/../health", ""), false, 200));
    cases.add(new Case("folded header", get("/health", "X: a\r\n b\r\n"), false, 400));
    cases.add(new Case("space before the colon", get("/health", "X : a\r\n"), false, 400));
    cases.add(new Case("header without a name", get("/health", ": a\r\n"), false, 400));
    cases.add(new Case("header without a colon", get("/health", "abc\r\n"), false, 400));
    cases.add(new Case("line feeds alone", get("/health", "").replace("\r\n", "\n"), false, 200));
    cases.add(new Case("small letters", get("/health", "").replace("GET", "get"), false, 405));
    cases.add(
        new Case(
            "upgrade",
            get("/health", "Connection: upgrade\r\nUpgrade: websocket\r\n"),
            false,
            200));
    cases.add(new Case("TRACE", get("/health", "").replace("GET", "TRACE"), false, 405));
    cases.add(
        new Case(
            "CONNECT", "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", false, 404));
    cases.add(new Case("OPTIONS *", get("*", "").replace("GET", "OPTIONS"), false, 404));
    cases.add(new Case("TLS", "\26\3\1\0\u0005\1\2\3\4\r\n\r\n", false, 400));
  }

  private static void json(List<Case> cases) {
    for (String body :
        List.of(
            "{\"prompt\":",
            "{\"prompt\":\"a\"} x",
            "{\"prompt\":\"a\",\"prompt\":\"b\"}",
            "{\"prompt\":\"a\",}",
            "{'prompt':'a'}",
            "{\"prompt\":NaN}",
            "{\"prompt\":01}",
            "{\"prompt\":\"\\q\"}",
            "{\"prompt\":\"a\u0001\"}",
            "// x\n{}",
            "[".repeat(2000),
            "{\"prompt\":" + "9".repeat(5000) + "}",
            "{\"" + "n".repeat(60_000) + "\":1}",
            "{\"prompt\":\"a\",\"temperature\":1e999999999}",
            "\0\0\0\0")) {
      String shown = body.substring(0, Math.min(30, body.length()));
      cases.add(new Case("JSON " + shown.replaceAll("[^ -~]", "?"), sized(body), false, 400));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void eachIsAnsweredWithItsStatus(Case one) throws Exception {
    for (int i = 0; i < TRIES; i++) {
      try (Socket socket = Http.connect(server.port())) {
        String[] pieces = one.request().split("¦", -1);
        for (int k = 0; k < pieces.length; k++) {
          Thread.sleep(k * 20L);
          Http.write(socket, pieces[k]);
        }
        if (one.end()) {
          socket.shutdownOutput();
        }
        Http.Answer answer = Http.read(socket.getInputStream());
        assertThat(answer.status()).as(answer.body()).isEqualTo(one.status());
        if (one.status() != 200) {
          String message = answer.fails(one.status(), "").get("message").asText();
          assertThat(message).doesNotContainPattern(INTERNALS);
        }
      }
    }
  }

  @Test
  void textThatIsNotUtf8() throws IOException {
    byte[] body = "{\"prompt\":\"\u00e9\"}".getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < TRIES; i++) {
      try (Socket socket = Http.connect(server.port())) {
        Http.write(socket, post("Content-Length: " + body.length + "\r\n", ""));
        socket.getOutputStream().write(body);
        String message =
            Http.read(socket.getInputStream()).fails(400, "UTF-8").get("message").asText();
        assertThat(message).doesNotContainPattern(INTERNALS);
      }
    }
  }

  @Test
  void aHalfClosedStreamIsWrittenToItsEnd() throws IOException {
    String body = "{\"prompt\":\"Once\",\"max_tokens\":300,\"temperature\":0,\"stream\":true}";
    for (int i = 0; i < TRIES; i++) {
      try (Socket socket = Http.connect(server.port())) {
        Http.write(socket, sized(body));
        socket.shutdownOutput();
        Http.Answer answer = Http.read(socket.getInputStream()).succeeds();
        assertThat(answer.events()).endsWith("[DONE]");
      }
    }
  }

  @Test
  void aHalfClosedClientWaitsAsLongAsItTakes() throws Exception {
    try (TestServer slow =
            TestServer.start(shared, engine -> engine.withMaxSequences(1), options -> options);
        Socket second = Http.connect(slow.port())) {
      InputStream in = second.getInputStream();
      try (Socket first = Http.connect(slow.port())) {
        Http.write(first, sized(ENDLESS + "}"));
        slow.await(now -> now.running() == 1);
        Http.write(second, sized(BODY));
        second.shutdownOutput();
        slow.await(now -> now.queued() == 1);
        // Looked for before it is answered, once at least.
        byte[] probe = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        assertThat(in.readNBytes(probe.length)).isEqualTo(probe);
      }
      Http.read(in).succeeds();
    }
  }

  private static long cancelled(TestServer some) {
    return some.engine.statistics().finished().getOrDefault(FinishReason.CANCELLED, 0L);
  }

  @Test
  void aClientIsSeenToLeaveWhateverItSentBehindTheBody() throws Exception {
    for (String behind : List.of("", "\r\n", "xyz", get("/health", ""), "z".repeat(100_000))) {
      for (String body : List.of(ENDLESS + "}", ENDLESS + ",\"stream\":true}")) {
        long before = cancelled(server);
        try (Socket socket = Http.connect(server.port())) {
          Http.write(socket, sized(body));
          server.await(now -> now.running() == 1);
          Http.write(socket, behind);
        }
        server.await(now -> now.running() == 0);
        assertThat(cancelled(server)).isEqualTo(before + 1);
      }
    }
  }

  @Test
  void aClientThatLeavesTheQueueIsForgottenWhateverItSentBehindTheBody() throws Exception {
    try (TestServer slow =
            TestServer.start(shared, engine -> engine.withMaxSequences(1), options -> options);
        Socket first = Http.connect(slow.port())) {
      Http.write(first, sized(ENDLESS + "}"));
      slow.await(now -> now.running() == 1);
      for (String behind : List.of("", "xyz")) {
        try (Socket socket = Http.connect(slow.port())) {
          Http.write(socket, sized(ENDLESS + ",\"stream\":true}") + behind);
          slow.await(now -> now.queued() == 1);
        }
        slow.await(now -> now.queued() == 0);
      }
    }
  }
}
