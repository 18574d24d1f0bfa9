package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clients that take what they can without delivering anything, and another one that has to be
 * served meanwhile. What that took is printed; {@code -Dmor4j.attack.connections} and {@code
 * -Dmor4j.attack.probes} make it the table of docs/operations.md.
 */
class ServerAttacksTest {
  private static final int CONNECTIONS = Integer.getInteger("mor4j.attack.connections", 300);
  private static final int PROBES = Integer.getInteger("mor4j.attack.probes", 10);

  /** Each of them costs tokens. */
  private static final int STREAMS = Integer.getInteger("mor4j.attack.streams", 60);

  /** Fewer than come, so that room has to be made. */
  private static final int ALLOWED = Integer.getInteger("mor4j.attack.allowed", 150);

  /** Something is wrong with whoever has to wait so long. */
  private static final long LIVELY_MILLIS = 30_000;

  private static final String COMPLETION =
      "{\"prompt\":\"Once\",\"max_tokens\":8,\"temperature\":0}";

  @TempDir static Path shared;

  private static TestServer server() throws IOException {
    return TestServer.start(
        shared, engine -> engine, options -> options.withMaxConnections(ALLOWED));
  }

  /** What an attacker says on a connection. */
  private interface Attack {
    void on(Socket socket) throws IOException;
  }

  private static Socket connect(TestServer server) throws IOException {
    Socket socket = new Socket();
    // Little is kept for one that does not read.
    socket.setReceiveBufferSize(4096);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port()));
    return socket;
  }

  @Test
  void clientsThatDeliverNothingHoldUpNobody() throws Exception {
    String stream =
        "{\"prompt\":\"Once\",\"max_tokens\":400,\"temperature\":0,\"stream\":true,"
            + "\"return_tokens\":true}";
    try (TestServer server = server()) {
      measure(server, "nobody", 0);
      attack(server, "says nothing", CONNECTIONS, socket -> {});
      attack(
          server,
          "half of the headers",
          CONNECTIONS,
          socket -> Http.write(socket, "GET /health HTTP/1.1\r\nHost: local"));
      attack(
          server,
          "one byte of a body",
          CONNECTIONS,
          socket ->
              Http.write(
                  socket, Http.text("POST", "/v1/completions", "{", "Content-Length: 1000")));
      attack(
          server,
          "half of a large body",
          CONNECTIONS,
          socket ->
              Http.write(
                  socket,
                  Http.text(
                      "POST",
                      "/v1/completions",
                      "{\"prompt\":\"" + "a".repeat(50_000),
                      "Content-Length: 1000000")));
      attack(
          server,
          "does not read its stream",
          STREAMS,
          socket -> Http.write(socket, Http.text("POST", "/v1/completions", stream)));
    }
  }

  private static void attack(TestServer server, String name, int connections, Attack attack)
      throws Exception {
    List<Socket> attackers = new ArrayList<>();
    try {
      for (int i = 0; i < connections; i++) {
        Socket socket = connect(server);
        attackers.add(socket);
        try {
          attack.on(socket);
        } catch (IOException e) {
          // Refused already.
        }
      }
      measure(server, name, connections);
    } finally {
      for (Socket socket : attackers) {
        socket.close();
      }
    }
    server.await(now -> now.running() == 0 && now.queued() == 0);
  }

  /** Asks as another client would; each answer has to be right, and to come. */
  private static void measure(TestServer server, String name, int connections) {
    long[] health = new long[PROBES];
    long[] completions = new long[PROBES];
    int later = 0;
    for (int i = 0; i < PROBES; i++) {
      long begin = System.nanoTime();
      server.get("/health").succeeds();
      health[i] = (System.nanoTime() - begin) / 1000;
      begin = System.nanoTime();
      Http.Answer answer = server.complete(COMPLETION);
      completions[i] = (System.nanoTime() - begin) / 1000;
      // A full queue is said at once; whose requests fill it is not looked at.
      if (answer.status() == 429) {
        later++;
      } else {
        answer.succeeds();
      }
    }
    System.out.println(
        row(name, connections, health, completions) + (later > 0 ? " 429: " + later : ""));
    assertThat(Arrays.stream(health).max().orElseThrow()).isLessThan(LIVELY_MILLIS * 1000);
    assertThat(Arrays.stream(completions).max().orElseThrow()).isLessThan(LIVELY_MILLIS * 1000);
  }

  private static String row(String name, int connections, long[] health, long[] completions) {
    return String.format(
        Locale.ROOT,
        "| %s | %d | %.1f / %.1f | %.1f / %.1f |",
        name,
        connections,
        percentile(health, 50),
        percentile(health, 99),
        percentile(completions, 50),
        percentile(completions, 99));
  }

  private static double percentile(long[] micros, int percent) {
    Arrays.sort(micros);
    return micros[Math.min(micros.length - 1, micros.length * percent / 100)] / 1000.0;
  }

  @Test
  void largePromptsHoldUpNobody() throws Exception {
    String words = "the sea and ".repeat(80_000);
    String large = "{\"prompt\":\"" + words + "\"}";
    try (TestServer server = server()) {
      AtomicBoolean measured = new AtomicBoolean();
      AtomicInteger wrong = new AtomicInteger();
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        clients.add(
            Thread.startVirtualThread(
                () -> {
                  do {
                    int status = server.complete(large).status();
                    if (status != 400 && status != 503) {
                      wrong.incrementAndGet();
                    }
                  } while (!measured.get());
                }));
      }
      measure(server, "prompts of 1 MB", 16);
      measured.set(true);
      for (Thread client : clients) {
        client.join();
      }
      assertThat(wrong).hasValue(0);
    }
  }
}
