package dev.mor4j.runtime.format;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Scratch;
import dev.mor4j.testing.RandomConfigs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code config.json} of converted models. What is read and written again is read as the same. */
class ModelConfigFuzzTest {
  private static final Scratch SCRATCH = new Scratch();

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    SCRATCH.open(SCRATCH.write("config.json", input), ModelConfigFuzzTest::readTwice);
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  private static void readTwice(Path file) throws IOException {
    ModelConfig config = ModelConfigJson.read(file);
    Path copy = file.resolveSibling("copy.json");
    Files.deleteIfExists(copy);
    ModelConfigJson.write(config, copy);
    ModelConfig again = ModelConfigJson.read(copy);
    if (!again.equals(config)) {
      throw new AssertionError("read " + config + ", and again " + again);
    }
  }

  static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        Path file = SCRATCH.folder().resolve("seed-" + i + ".json");
        Files.deleteIfExists(file);
        ModelConfigJson.write(RandomConfigs.draw(i), file);
        seeds.add(Files.readAllBytes(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return seeds;
  }
}
