package dev.mor4j.runtime.forward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.backend.plain.JavaBackend;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a Mixture-of-Recursions saves: a backend is given the rows that take part, no others. */
class PassRowsTest {
  private static final int TOKENS = 90;
  private static final int PASS_ROWS = 7;

  @TempDir Path folder;

  @Test
  void aTokenIsARowOfEachRecursionThatItTakesPartIn() throws IOException {
    TestModels.expert(folder);
    int[] ids = new Random(5).ints(TOKENS, 0, TestModels.VOCABULARY).toArray();
    try (OpenedModel plain = new OpenedModel(folder, null, 1, PASS_ROWS);
        OpenedModel counted =
            new OpenedModel(
                folder,
                weights -> new CountingBackend(new JavaBackend("test", weights)),
                PASS_ROWS,
                KvCacheType.F32)) {
      OpenedModel.Outcome outcome = counted.run(ids, counted.threshold(), List.of());
      OpenedModel.Outcome expected = plain.run(ids, plain.threshold(), List.of());
      assertThat(outcome.logits()).isEqualTo(expected.logits());
      assertThat(outcome.depths()).isEqualTo(expected.depths());
      // All take the first recursion of this model; some leave after it, some go to the end.
      assertThat(outcome.depths()).contains(1, 3);
      List<Integer> passes = ((CountingBackend) counted.backend).passes();
      assertThat(passes).allSatisfy(rows -> assertThat(rows).isBetween(1, PASS_ROWS));
      // The unique first and last layer take every token.
      assertThat(passes.stream().mapToInt(Integer::intValue).sum())
          .isEqualTo(2 * TOKENS + Arrays.stream(outcome.depths()).sum());
    }
  }
}
