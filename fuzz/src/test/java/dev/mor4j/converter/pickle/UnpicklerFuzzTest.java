package dev.mor4j.converter.pickle;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Scratch;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/** Pickles of state dicts. */
class UnpicklerFuzzTest {
  private static final Scratch SCRATCH = new Scratch();

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    SCRATCH.open(
        SCRATCH.folder().resolve("pytorch_model.bin"),
        file -> {
          PickledValue value = Unpickler.read(file, "data.pkl", MemorySegment.ofArray(input));
          if (value.kind().isEmpty()) {
            throw new AssertionError("a value of no kind");
          }
        });
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    return List.of(Pickles.one(), Pickles.ofCheckpoint());
  }
}
