package dev.mor4j.converter.source;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Scratch;
import dev.mor4j.fuzz.Seeds;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** Indexes of checkpoints in several files. */
class ShardIndexFuzzTest {
  private static final Scratch SCRATCH = new Scratch();

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    SCRATCH.open(SCRATCH.write("model.safetensors.index.json", input), ShardIndex::read);
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    return Seeds.named("goldens", "model.safetensors.index.json", 1 << 14);
  }
}
