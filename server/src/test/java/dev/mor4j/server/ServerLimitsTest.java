package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a client may take: bytes, time, connections. */
class ServerLimitsTest {
  private static final Duration SHORT = Duration.ofMillis(2500);
  private static final Duration LONG = Duration.ofMillis(Http.PATIENCE_MILLIS);

  /** Between the bytes of a client that drips them; many fit into {@link #SHORT}. */
  private static final int DRIP_MILLIS = 25;

  @TempDir static Path shared;
  private static TestServer server;

  /** One that waits for headers for {@link #SHORT}. */
  private static TestServer hasty;

  @BeforeAll
  static void start() throws IOException {
    server =
        TestServer.start(
            shared,
            engine -> engine,
            options -> options.withMaxBodyBytes(4096).withTimeouts(LONG, LONG, LONG));
    hasty =
        TestServer.start(
            shared, engine -> engine, options -> options.withTimeouts(SHORT, LONG, LONG));
  }

  @AfterAll
  static void stop() {
    hasty.close();
    server.close();
  }

  /** Whether the server ends the connection, by what the operating system tells a reader. */
  private static boolean isEnded(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException e) {
      return true;
    }
  }

  @Test
  void bodiesThatAreTooLarge() throws IOException {
    String body = "{\"prompt\":\"" + "a".repeat(4096) + "\"}";
    server.complete(body).fails(413, "larger than the 4096 bytes");
    String chunk = Integer.toHexString(body.length()) + "\r\n" + body + "\r\n";
    try (Socket socket = Http.connect(server.port())) {
      Http.write(
          socket,
          Http.text("POST", "/v1/completions", chunk + "0\r\n\r\n", "Transfer-Encoding: chunked"));
      Http.Answer answer = Http.read(socket.getInputStream());
      answer.fails(413, "larger than the 4096 bytes");
    }
    // A client that sends all of it before it reads gets to know as well.
    String larger = "{\"prompt\":\"" + "a".repeat(4 << 20) + "\"}";
    for (int round = 0; round < 20; round++) {
      Http.Answer answer = server.complete(larger);
      answer.fails(413, "larger than the 4096 bytes");
      assertThat(answer.headers().get("connection")).isEqualTo("close");
    }
    // Said to be large, it is refused before it comes.
    try (Socket socket = Http.connect(server.port())) {
      Http.write(socket, Http.text("POST", "/v1/completions", "", "Content-Length: 99999999999"));
      Http.read(socket.getInputStream()).fails(413, "larger");
      assertThat(isEnded(socket)).isTrue();
    }
  }

  @Test
  void aChunkedBodyIsTaken() {
    String body = "{\"prompt\":\"Once\",\"max_tokens\":3}";
    String chunks = "5\r\n" + body.substring(0, 5) + "\r\n";
    chunks += Integer.toHexString(body.length() - 5) + "\r\n" + body.substring(5) + "\r\n";
    server.complete(chunks + "0\r\n\r\n", "Transfer-Encoding: chunked").succeeds();
  }

  @Test
  void headersThatDripAreCutOff() throws Exception {
    try (Socket socket = Http.connect(hasty.port())) {
      assertThat(drip(socket, Http.text("GET", "/health", null, "X: " + "a".repeat(4000))))
          .isTrue();
      assertThat(isEnded(socket)).isTrue();
    }
  }

  @Test
  void headersOfTheNextRequestHaveTheSameTime() throws Exception {
    try (Socket socket = Http.connect(hasty.port())) {
      Http.write(socket, Http.text("GET", "/health", null));
      Http.read(socket.getInputStream()).succeeds();
      assertThat(drip(socket, Http.text("GET", "/health", null, "X: " + "a".repeat(4000))))
          .isTrue();
    }
  }

  /** Sends byte by byte; whether the server ended the connection before the last one. */
  private static boolean drip(Socket socket, String text) throws InterruptedException {
    try {
      socket.setSoTimeout(DRIP_MILLIS);
      for (int i = 0; i < text.length(); i++) {
        Http.write(socket, text.substring(i, i + 1));
        if (isEnded(socket)) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  @Test
  void aConnectionWithoutARequestIsClosed() throws IOException {
    try (Socket socket = Http.connect(hasty.port())) {
      assertThat(isEnded(socket)).isTrue();
    }
  }

  @Test
  void aBodyThatDripsIsCutOff() throws Exception {
    try (TestServer hurried =
            TestServer.start(
                shared, engine -> engine, options -> options.withTimeouts(LONG, SHORT, LONG));
        Socket socket = Http.connect(hurried.port())) {
      Http.write(
          socket, Http.text("POST", "/v1/completions", "{\"prompt\":\"", "Content-Length: 4000"));
      // The time is for all of the body, so what drips in must not begin it again.
      for (int i = 0; i < 3900 && socket.getInputStream().available() == 0; i++) {
        Http.write(socket, "a");
        Thread.sleep(DRIP_MILLIS);
      }
      Http.Answer answer = Http.read(socket.getInputStream());
      answer.fails(408, "did not arrive within " + SHORT.toMillis() + " milliseconds");
      assertThat(answer.headers().get("connection")).isEqualTo("close");
      assertThat(isEnded(socket)).isTrue();
      // Nothing went wrong about it, so it counts as what it was.
      hurried.awaitMetrics("mor4j_http_responses_total{code=\"408\"} 1.0");
    }
  }

  @Test
  void headersThatAreTooLarge() {
    server.get("/health", "X: " + "a".repeat(32 << 10)).fails(431, "");
  }

  @Test
  void whatIsNoHttp() throws IOException {
    for (String text : new String[] {"hello\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\0\1\2\3\r\n"}) {
      try (Socket socket = Http.connect(server.port())) {
        Http.write(socket, text);
        String answer = new String(readAll(socket), StandardCharsets.US_ASCII);
        assertThat(answer).matches("(?s)(HTTP/1.1 (400|505) .*)?");
      }
    }
    // Two lengths that differ are how requests are smuggled.
    server.complete("{}", "Content-Length: 2", "Content-Length: 3").fails(400, "");
  }

  private static byte[] readAll(Socket socket) {
    try (InputStream in = socket.getInputStream()) {
      return in.readAllBytes();
    } catch (IOException e) {
      return new byte[0];
    }
  }

  @Test
  void whoWaitsForNothingMakesRoom() throws IOException {
    try (TestServer small =
            TestServer.start(
                shared,
                engine -> engine,
                options -> options.withMaxConnections(2).withTimeouts(LONG, LONG, LONG));
        Socket idle = Http.connect(small.port());
        Socket half = Http.connect(small.port())) {
      Http.write(idle, Http.text("GET", "/health", null));
      Http.read(idle.getInputStream()).succeeds();
      Http.write(half, "GET /health HTTP/1.1\r\nHost:");
      // An answer has been read before the server knows that it has ended.
      awaitWaiting(small, 2);
      try (Socket third = Http.connect(small.port());
          Socket fourth = Http.connect(small.port())) {
        for (Socket one : new Socket[] {third, fourth}) {
          Http.write(one, Http.text("GET", "/health", null));
          Http.read(one.getInputStream()).succeeds();
        }
        assertThat(isEnded(idle)).isTrue();
        assertThat(isEnded(half)).isTrue();
        assertThat(small.server.connections().counts().closed()).isEqualTo(2);
      }
    }
  }

  private static void awaitWaiting(TestServer server, int connections) {
    long end = System.nanoTime() + Http.PATIENCE_MILLIS * 1_000_000L;
    while (server.server.connections().counts().waiting() != connections) {
      assertThat(System.nanoTime()).as("%s", server.server.connections().counts()).isLessThan(end);
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Test
  void connectionsWaitWhileAllOthersWork() throws Exception {
    String endless = "{\"prompt\":\"Once\",\"max_tokens\":32000,\"temperature\":0}";
    try (TestServer small =
        TestServer.start(shared, engine -> engine, options -> options.withMaxConnections(2))) {
      try (Socket first = Http.connect(small.port());
          Socket second = Http.connect(small.port())) {
        Http.write(first, Http.text("POST", "/v1/completions", endless));
        Http.write(second, Http.text("POST", "/v1/completions", endless));
        small.await(now -> now.running() == 2);
        List<Socket> more = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
          Socket third = Http.connect(small.port());
          more.add(third);
          Http.write(third, Http.text("POST", "/v1/completions", endless));
        }
        // One may have been accepted already when the others began to work.
        Thread.sleep(300);
        assertThat(small.engine.statistics().running()).isBetween(2, 3);
        for (Socket one : more) {
          one.close();
        }
      }
      small.await(now -> now.running() == 0);
      small.get("/health").succeeds();
    }
  }

  @Test
  void anAddressHasSoManyConnections() throws IOException {
    try (TestServer shares =
            TestServer.start(
                shared, engine -> engine, options -> options.withMaxConnectionsPerAddress(2));
        Socket first = Http.connect(shares.port());
        Socket second = Http.connect(shares.port())) {
      for (Socket one : new Socket[] {first, second}) {
        Http.write(one, Http.text("GET", "/health", null));
        Http.read(one.getInputStream()).succeeds();
      }
      awaitWaiting(shares, 2);
      shares.get("/health").succeeds();
      assertThat(isEnded(first)).isTrue();
      Http.write(second, Http.text("GET", "/health", null));
      Http.read(second.getInputStream()).succeeds();
    }
  }

  @Test
  void anAddressWhoseConnectionsAllWorkGetsNoOther() throws Exception {
    String endless = "{\"prompt\":\"Once\",\"max_tokens\":32000,\"temperature\":0}";
    try (TestServer shares =
        TestServer.start(
            shared, engine -> engine, options -> options.withMaxConnectionsPerAddress(1))) {
      try (Socket first = Http.connect(shares.port())) {
        Http.write(first, Http.text("POST", "/v1/completions", endless));
        shares.await(now -> now.running() == 1);
        try (Socket second = Http.connect(shares.port())) {
          assertThat(isEnded(second)).isTrue();
        }
      }
      shares.await(now -> now.running() == 0);
      // Its connection is closed with its request, a moment later.
      try (Socket third = connectWithin(shares)) {
        assertThat(third.isConnected()).isTrue();
      }
    }
  }

  /** A connection that has been answered, once there is a place for it. */
  private static Socket connectWithin(TestServer some) throws Exception {
    long end = System.nanoTime() + LONG.toNanos();
    while (true) {
      Socket socket = Http.connect(some.port());
      try {
        Http.write(socket, Http.text("GET", "/health", null));
        Http.read(socket.getInputStream()).succeeds();
        return socket;
      } catch (IOException e) {
        socket.close();
        assertThat(System.nanoTime()).isLessThan(end);
        Thread.sleep(20);
      }
    }
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "others have one loopback address only")
  void whoHasTheMostConnectionsMakesRoom() throws IOException {
    try (TestServer small =
            TestServer.start(shared, engine -> engine, options -> options.withMaxConnections(10));
        Socket other = new Socket()) {
      other.bind(new InetSocketAddress("127.0.0.2", 0));
      other.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), small.port()));
      other.setSoTimeout(Http.PATIENCE_MILLIS);
      List<Socket> many = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        Socket one = Http.connect(small.port());
        many.add(one);
        Http.write(one, Http.text("GET", "/health", null));
        Http.read(one.getInputStream()).succeeds();
      }
      // It came first and has waited longest, but it is the only one of its client.
      Http.write(other, Http.text("GET", "/health", null));
      Http.read(other.getInputStream()).succeeds();
      assertThat(isEnded(many.getFirst())).isTrue();
      for (Socket one : many) {
        one.close();
      }
    }
  }

  @Test
  void aClientThatDoesNotReadIsLeft() throws Exception {
    try (TestServer hurried =
            TestServer.start(
                shared, engine -> engine, options -> options.withTimeouts(LONG, LONG, SHORT));
        Socket socket = new Socket()) {
      socket.setReceiveBufferSize(4096);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), hurried.port()));
      Http.write(
          socket,
          Http.text(
              "POST",
              "/v1/completions",
              "{\"prompt\":[\"a\",\"b\",\"c\",\"d\"],\"max_tokens\":32000,\"temperature\":0,"
                  + "\"stream\":true,\"return_tokens\":true}"));
      hurried.await(ServerLifeTest::hasCancelled);
      hurried.await(now -> now.running() == 0);
    }
  }
}
