package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class ServerOptionsTest {
  private static final ServerOptions DEFAULTS = ServerOptions.of("model");

  @Test
  void eachChangeIsKept() {
    ServerOptions options =
        DEFAULTS
            .withAddress("localhost", 99)
            .withApiKey(ApiKey.of("a-key-of-some-length"))
            .withMaxBodyBytes(2048)
            .withMaxHeaderBytes(4096)
            .withTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3))
            .withMaxConnections(5)
            .withMaxConnectionsPerAddress(4)
            .withMaxPrompts(6);
    assertThat(options.modelName()).isEqualTo("model");
    assertThat(options.host()).isEqualTo("localhost");
    assertThat(options.port()).isEqualTo(99);
    assertThat(options.apiKey()).isPresent();
    assertThat(options.maxBodyBytes()).isEqualTo(2048);
    assertThat(options.maxHeaderBytes()).isEqualTo(4096);
    assertThat(options.headerTimeout()).isEqualTo(Duration.ofSeconds(1));
    assertThat(options.bodyTimeout()).isEqualTo(Duration.ofSeconds(2));
    assertThat(options.writeTimeout()).isEqualTo(Duration.ofSeconds(3));
    assertThat(options.maxConnections()).isEqualTo(5);
    assertThat(options.maxConnectionsPerAddress()).isEqualTo(4);
    assertThat(options.maxPrompts()).isEqualTo(6);
    assertThat(DEFAULTS).isEqualTo(ServerOptions.of("model"));
  }

  @Test
  void equalOptionsAreEqual() {
    List<UnaryOperator<ServerOptions>> changes =
        List.of(
            o -> o.withAddress("localhost", 8080),
            o -> o.withAddress("127.0.0.1", 1),
            o -> o.withMaxBodyBytes(2048),
            o -> o.withMaxHeaderBytes(2048),
            o -> o.withTimeouts(Duration.ofSeconds(1), o.bodyTimeout(), o.writeTimeout()),
            o -> o.withTimeouts(o.headerTimeout(), Duration.ofSeconds(1), o.writeTimeout()),
            o -> o.withTimeouts(o.headerTimeout(), o.bodyTimeout(), Duration.ofSeconds(1)),
            o -> o.withMaxConnections(7),
            o -> o.withMaxConnectionsPerAddress(7),
            o -> o.withMaxPrompts(7),
            o -> ServerOptions.of("other"));
    for (UnaryOperator<ServerOptions> change : changes) {
      ServerOptions changed = change.apply(DEFAULTS);
      assertThat(changed).isNotEqualTo(DEFAULTS).isEqualTo(change.apply(DEFAULTS));
      assertThat(changed).hasSameHashCodeAs(change.apply(DEFAULTS));
      assertThat(changed.toString()).isNotEqualTo(DEFAULTS.toString());
    }
  }

  @Test
  void wrongValuesAreNamed() {
    refused("host is ' ', expected a name", o -> o.withAddress(" ", 1));
    refused("port is 65536, expected 0 to 65535", o -> o.withAddress("x", 65536));
    refused("maxBodyBytes is 1, expected 1 KiB to 1 GiB", o -> o.withMaxBodyBytes(1));
    refused("maxHeaderBytes is 1, expected 1 KiB to 1 MiB", o -> o.withMaxHeaderBytes(1));
    refused("maxConnections is 0, expected 1 to", o -> o.withMaxConnections(0));
    refused("maxConnectionsPerAddress is 0, expected 1 to", o -> o.withMaxConnectionsPerAddress(0));
    refused("maxPrompts is 0, expected 1 to 4096", o -> o.withMaxPrompts(0));
    refused("the model's name is 'a b'", o -> ServerOptions.of("a b"));
    Duration second = Duration.ofSeconds(1);
    refused("headerTimeout is PT0S", o -> o.withTimeouts(Duration.ZERO, second, second));
    refused("bodyTimeout is PT-1S", o -> o.withTimeouts(second, second.negated(), second));
    refused("writeTimeout is PT48H", o -> o.withTimeouts(second, second, Duration.ofDays(2)));
    assertThatNullPointerException()
        .isThrownBy(() -> DEFAULTS.withApiKey(null))
        .withMessageContaining("key");
    assertThatNullPointerException()
        .isThrownBy(() -> DEFAULTS.withAddress(null, 1))
        .withMessageContaining("host");
  }

  private static void refused(String message, UnaryOperator<ServerOptions> change) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> change.apply(DEFAULTS))
        .withMessageContaining(message);
  }
}
