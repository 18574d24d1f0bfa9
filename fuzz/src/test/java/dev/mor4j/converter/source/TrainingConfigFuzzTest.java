package dev.mor4j.converter.source;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Scratch;
import dev.mor4j.fuzz.Seeds;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** YAML, and the training settings in it. */
class TrainingConfigFuzzTest {
  private static final Scratch SCRATCH = new Scratch();

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    SCRATCH.open(
        SCRATCH.write("train_config.yaml", input),
        file -> TrainingConfig.read(file, BoundedYaml.read(file), 8));
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    return Seeds.named("goldens", "train_config.yaml", 1 << 14);
  }
}
