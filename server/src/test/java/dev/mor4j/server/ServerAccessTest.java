package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may use a server: keys, and pages of other sites. */
class ServerAccessTest {
  private static final String KEY = "0123456789-secret";
  private static final String BODY = "{\"prompt\":\"Once\",\"max_tokens\":2}";

  @TempDir static Path shared;
  private static TestServer open;
  private static TestServer locked;

  @BeforeAll
  static void start() throws IOException {
    open = TestServer.start(shared);
    locked =
        TestServer.start(shared, engine -> engine, options -> options.withApiKey(ApiKey.of(KEY)));
  }

  @AfterAll
  static void stop() {
    locked.close();
    open.close();
  }

  @Test
  void aKeyIsAskedFor() {
    JsonNode error = locked.complete(BODY).fails(401, "no API key");
    assertThat(error.get("type").asText()).isEqualTo("authentication_error");
    assertThat(error.get("code").asText()).isEqualTo("invalid_api_key");
    for (String wrong :
        new String[] {KEY + "x", KEY.substring(1), "", KEY.toUpperCase(java.util.Locale.ROOT)}) {
      Http.Answer answer = locked.complete(BODY, "Authorization: Bearer " + wrong);
      answer.fails(401, "").get("message");
      assertThat(answer.headers().get("www-authenticate")).isEqualTo("Bearer");
    }
    locked.complete(BODY, "Authorization: Basic " + KEY).fails(401, "no API key");
    locked.complete(BODY, "Authorization: Bearer " + KEY).succeeds();
    locked.complete(BODY, "Authorization: bearer " + KEY).succeeds();
    for (String path : new String[] {"/v1/models", "/metrics", "/timeline", "/v1/models/tiny"}) {
      locked.get(path).fails(401, "");
      locked.get(path, "Authorization: Bearer " + KEY).succeeds();
    }
    // Whether it is alive may be asked by what has no key; what paths there are may not.
    locked.get("/health").succeeds();
    locked.get("/other").fails(401, "");
  }

  /** The client sends all of it first; closed too early, the connection would be reset. */
  @Test
  void aKeyIsAskedForBeforeTheBodyIsRead() throws IOException {
    String large = "x".repeat(2 << 20);
    for (int round = 0; round < 20; round++) {
      locked.complete(large).fails(401, "");
    }
    try (Socket socket = Http.connect(locked.port())) {
      for (String key : new String[] {"wrong-key-of-20-chars", KEY, KEY + "x", KEY}) {
        String body = key.equals(KEY) ? BODY : large;
        Http.write(
            socket, Http.text("POST", "/v1/completions", body, "Authorization: Bearer " + key));
        Http.Answer answer = Http.read(socket.getInputStream());
        assertThat(answer.status()).as(answer.body()).isEqualTo(key.equals(KEY) ? 200 : 401);
      }
    }
  }

  /** A client that waits to be asked for its body is not asked for one that nobody wants. */
  @Test
  void withoutAKeyNoBodyIsAskedFor() throws IOException {
    try (Socket socket = Http.connect(locked.port())) {
      Http.write(
          socket,
          Http.text("POST", "/v1/completions", "", "Content-Length: 100", "Expect: 100-continue"));
      Http.read(socket.getInputStream()).fails(401, "no API key");
      assertThat(socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void withAKeyAnyNameWillDo() {
    locked.complete(BODY, "Host: models.example", "Authorization: Bearer " + KEY).succeeds();
  }

  @Test
  void keysThatAreNone() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ApiKey.of("short"))
        .withMessageContaining("5 characters")
        .withMessageNotContaining("short");
    assertThatIllegalArgumentException().isThrownBy(() -> ApiKey.of("with a space in the key"));
    assertThat(ServerOptions.of("x").withApiKey(ApiKey.of(KEY)).toString()).doesNotContain(KEY);
  }

  @Test
  void otherMachinesNeedAKey() {
    for (String host : new String[] {"0.0.0.0", "::"}) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> MorServer.start(open.engine, ServerOptions.of("x").withAddress(host, 0)))
          .withMessageContaining("expected an API key");
    }
  }

  @Test
  void pagesOfOtherSitesAreRefused() {
    for (String host : new String[] {"evil.example", "evil.example:80", "localhost.evil.example"}) {
      JsonNode error = open.complete(BODY, "Host: " + host).fails(403, "Host header");
      assertThat(error.get("type").asText()).isEqualTo("permission_error");
      open.get("/metrics", "Host: " + host).fails(403, "");
      open.get("/health", "Host: " + host).fails(403, "");
    }
    for (String host : new String[] {"localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:5"}) {
      open.complete(BODY, "Host: " + host).succeeds();
    }
    open.complete(BODY, "Origin: http://evil.example").fails(403, "other sites");
    open.complete(BODY, "Origin: null").fails(403, "other sites");
    open.complete(BODY, "Host: localhost:80", "Origin: http://localhost:80").succeeds();
    Http.Answer answer = open.complete(BODY);
    assertThat(answer.headers().keySet())
        .noneMatch(name -> name.startsWith("access-control"))
        .doesNotContain("server");
    assertThat(answer.headers().get("x-content-type-options")).isEqualTo("nosniff");
  }
}
