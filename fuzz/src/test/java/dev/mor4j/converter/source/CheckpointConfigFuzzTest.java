package dev.mor4j.converter.source;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Scratch;
import dev.mor4j.fuzz.Seeds;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.format.StrictJson;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code config.json} of checkpoints. */
class CheckpointConfigFuzzTest {
  private static final Scratch SCRATCH = new Scratch();

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    SCRATCH.open(
        SCRATCH.write("config.json", input),
        file -> HuggingFaceConfig.read(new Settings(file, StrictJson.read(file, 1 << 20))));
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    return Seeds.named("goldens", "config.json", 1 << 14);
  }
}
