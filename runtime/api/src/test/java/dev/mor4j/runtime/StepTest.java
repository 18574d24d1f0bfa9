package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several sessions in the same passes, through the public API. */
class StepTest {
  private static final int V = TestModels.VOCABULARY;

  @TempDir static Path folder;
  private static MorModel model;

  @BeforeAll
  static void open() throws IOException {
    model = MorModel.open(TestModels.expert(folder));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void sessionsTogetherComputeWhatTheyComputeAlone() {
    List<MorSession> together = new ArrayList<>();
    List<MorSession> alone = new ArrayList<>();
    int size = 5;
    for (int i = 0; i < size; i++) {
      together.add(model.newSession());
      alone.add(model.newSession());
      // Texts of several lengths, the last generated token of which is not computed yet.
      for (List<MorSession> sessions : List.of(together, alone)) {
        sessions
            .getLast()
            .generate(
                new int[] {i + 1, 7, 9 * i},
                GenerationOptions.greedy().withMaxNewTokens(1 + i),
                token -> {});
      }
    }
    float[] logits = new float[size * V];
    float[] own = new float[V];
    for (int step = 0; step < 20; step++) {
      int[] ids = new int[size];
      for (int i = 0; i < size; i++) {
        ids[i] = (31 * step + 7 * i) % V;
      }
      model.step(together, ids, logits);
      for (int i = 0; i < size; i++) {
        model.step(List.of(alone.get(i)), new int[] {ids[i]}, own);
        assertThat(Arrays.copyOfRange(logits, i * V, (i + 1) * V)).isEqualTo(own);
        assertThat(together.get(i).depths()).isEqualTo(alone.get(i).depths());
      }
    }
    for (int i = 0; i < size; i++) {
      assertThat(together.get(i).kvStatistics()).isEqualTo(alone.get(i).kvStatistics());
      // A generation goes on from there.
      GenerationOptions more = GenerationOptions.greedy().withMaxNewTokens(3);
      assertThat(together.get(i).generate(new int[] {3}, more, token -> {}).tokens())
          .isEqualTo(alone.get(i).generate(new int[] {3}, more, token -> {}).tokens());
      together.get(i).close();
      alone.get(i).close();
    }
  }

  @Test
  void whatDoesNotFitIsRefusedAndChangesNothing() {
    float[] logits = new float[2 * V];
    try (MorSession one = model.newSession();
        MorSession two = model.newSession();
        MorSession capped = model.newSession(SessionOptions.defaults().withMaxRecursions(1))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.step(List.of(one, two), new int[] {1}, logits));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.step(List.of(one, two), new int[] {1, V}, logits));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.step(List.of(), new int[] {}, logits));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.step(List.of(one, two), new int[] {1, 2}, new float[V]));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.step(List.of(one, capped), new int[] {1, 2}, logits))
          .withMessageContaining("different options");
      assertThatIllegalStateException()
          .isThrownBy(() -> model.step(List.of(one, one), new int[] {1, 2}, logits));
      MorSession closed = model.newSession();
      closed.close();
      assertThatIllegalStateException()
          .isThrownBy(() -> model.step(List.of(one, closed), new int[] {1, 2}, logits));
      assertThat(one.tokenIds()).isEmpty();
      assertThat(two.tokenIds()).isEmpty();
      model.step(List.of(one, two), new int[] {1, 2}, logits);
      assertThat(one.tokenIds()).containsExactly(1);
      assertThat(two.tokenIds()).containsExactly(2);
    }
  }

  @Test
  void fullSessionsAreRefused() {
    float[] logits = new float[V];
    try (MorSession session = model.newSession(SessionOptions.defaults().withContextLength(2))) {
      model.step(List.of(session), new int[] {1}, logits);
      model.step(List.of(session), new int[] {2}, logits);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> model.step(List.of(session), new int[] {3}, logits))
          .withMessageContaining("full");
      assertThat(session.tokenIds()).containsExactly(1, 2);
    }
  }
}
