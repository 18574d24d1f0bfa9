package dev.mor4j.cli.lines;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Seeds;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** Lines of JSON on the standard input. */
class JsonLinesFuzzTest {
  @FunctionalInterface
  private interface Use {
    void of(JsonLines lines) throws IOException;
  }

  private static void read(byte[] input, Use use) {
    try {
      PrintStream out =
          new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
      use.of(new JsonLines("stdin", new ByteArrayInputStream(input), out));
    } catch (IOException e) {
      if (!e.getMessage().startsWith("stdin: ")) {
        throw new AssertionError("the message does not name the input: " + e.getMessage(), e);
      }
    }
  }

  private static String fields(JsonLine line) throws IOException {
    return line.text("text") + line.ids("ids").length + line.flag("special", false);
  }

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    read(input, lines -> lines.forEach(JsonLinesFuzzTest::fields));
    read(input, lines -> lines.forEachObject((object, place) -> object.toString()));
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    return Seeds.texts(
        "{\"text\":\"a\",\"ids\":[1,2,3],\"special\":true}\n{\"ids\":[]}\n",
        "\ufeff{\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9\\ud83d\"}],\"n\":-1.5e3,\"x\":null}");
  }
}
