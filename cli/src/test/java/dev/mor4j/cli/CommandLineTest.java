package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.converter.CheckpointConverter;
import dev.mor4j.converter.ConversionOptions;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;

/** Runs commands in this JVM, and keeps what they write. */
abstract class CommandLineTest {
  static final Path ROOT =
      Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
          .toAbsolutePath()
          .getParent();
  static final Path TRAINED = ROOT.resolve("checkpoints").resolve("mor3-books");
  static final Path ALICE = ROOT.resolve("testdata").resolve("corpus").resolve("alice.txt");

  @TempDir Path dir;

  /** What a command did. */
  record Run(int exitCode, String out, String err) {
    Run succeeds() {
      assertThat(exitCode).as("%s%n%s", out, err).isZero();
      return this;
    }

    Run fails(int code, String message) {
      assertThat(exitCode).as("%s%n%s", out, err).isEqualTo(code);
      assertThat(err).contains(message).doesNotContain("\tat ");
      return this;
    }

    /** The document that is all of the output. */
    JsonNode json() {
      try {
        return new ObjectMapper().readTree(out);
      } catch (IOException e) {
        throw new AssertionError(out, e);
      }
    }
  }

  static Path golden(String name) {
    return ROOT.resolve("testdata").resolve("goldens").resolve(name);
  }

  static Path converted(Path checkpoint, Path target) throws IOException {
    return CheckpointConverter.convert(checkpoint, target, ConversionOptions.DEFAULT).folder();
  }

  static Run run(Object... arguments) {
    return runIn(Map.of(), false, arguments);
  }

  /** A command that reads {@code input}. */
  static Run runOn(byte[] input, Object... arguments) {
    return runIn(Map.of(), false, new ByteArrayInputStream(input), arguments);
  }

  static Run runIn(Map<String, String> environment, boolean terminal, Object... arguments) {
    return runIn(environment, terminal, InputStream.nullInputStream(), arguments);
  }

  private static Run runIn(
      Map<String, String> environment, boolean terminal, InputStream in, Object... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    String[] texts = new String[arguments.length];
    for (int i = 0; i < texts.length; i++) {
      texts[i] = arguments[i].toString();
    }
    int code =
        Main.run(
            new Terminal(
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, false, StandardCharsets.UTF_8),
                terminal,
                terminal,
                environment,
                in),
            texts);
    return new Run(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
