package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Readers that are interrupted, and readers that use a for-each loop. */
class InterruptTest {
  private static final GenerationOptions LONG = GenerationOptions.greedy().withMaxNewTokens(100);
  private static final GenerationOptions SHORT = LONG.withMaxNewTokens(6);

  @TempDir static Path folder;
  private static MorModel model;

  @BeforeAll
  static void open() throws IOException {
    model =
        MorModel.open(
            TestModels.expert(folder.resolve("model")), ModelOptions.defaults().withPassRows(4));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @AfterEach
  void noInterruptIsLeft() {
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void generateEndsWhenItsThreadIsInterrupted() {
    try (MorSession session = model.newSession()) {
      List<Token> seen = new ArrayList<>();
      GenerationResult result =
          session.generate(
              new int[] {1, 2, 3},
              LONG,
              token -> {
                seen.add(token);
                if (seen.size() == 3) {
                  Thread.currentThread().interrupt();
                }
              });
      assertThat(Thread.interrupted()).isTrue();
      assertThat(result.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(result.tokens()).isEqualTo(seen).hasSize(3);
      assertThat(session.generate(new int[] {4}, SHORT, token -> {}).tokens()).hasSize(6);
    }
  }

  @Test
  void anInterruptedPromptIsComputedNoFurtherAndTheSessionGoesOn() {
    int[] prompt = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    try (MorSession session = model.newSession();
        MorSession undisturbed = model.newSession()) {
      Thread.currentThread().interrupt();
      GenerationResult result = session.generate(prompt, LONG, token -> {});
      assertThat(Thread.interrupted()).isTrue();
      assertThat(result.finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(result.tokens()).isEmpty();
      assertThat(result.promptDepths()).isEmpty();
      assertThat(session.generate(new int[0], SHORT, token -> {}).tokens())
          .isEqualTo(undisturbed.generate(prompt, SHORT, token -> {}).tokens());
    }
  }

  @Test
  void anInterruptedReaderCancelsItsGeneration() {
    try (MorEngine engine = model.newEngine(EngineOptions.defaults())) {
      // The engine computes nothing before the reader has been interrupted.
      CountDownLatch interrupted = new CountDownLatch(1);
      engine.thread().post(() -> awaitQuietly(interrupted));
      Generation generation =
          engine.submit(GenerationRequest.of(new int[] {1, 2}).withGeneration(LONG));
      Thread.currentThread().interrupt();
      assertThatThrownBy(
              () -> {
                while (generation.hasNext()) {
                  generation.next();
                }
              })
          .isInstanceOf(CancellationException.class)
          .hasMessageContaining("its reader was interrupted");
      assertThat(Thread.interrupted()).isTrue();
      interrupted.countDown();
      assertThat(generation.result().join().finishReason()).isEqualTo(FinishReason.CANCELLED);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aGenerationThatHasEndedCanBeReadAllTheSame() {
    try (MorEngine engine = model.newEngine(EngineOptions.defaults())) {
      Generation generation =
          engine.submit(GenerationRequest.of(new int[] {1, 2}).withGeneration(SHORT));
      generation.result().join();
      Thread.currentThread().interrupt();
      int read = 0;
      while (generation.hasNext()) {
        generation.next();
        read++;
      }
      assertThat(Thread.interrupted()).isTrue();
      assertThat(read).isEqualTo(6);
    }
  }

  @Test
  void tokensStandInAForEachLoopOnce() {
    try (MorEngine engine = model.newEngine(EngineOptions.defaults());
        MorSession session = model.newSession();
        TokenStream stream = session.stream(new int[] {1, 2}, SHORT)) {
      List<Token> streamed = new ArrayList<>();
      for (Token token : stream) {
        streamed.add(token);
      }
      assertThat(streamed).isEqualTo(stream.result().tokens()).hasSize(6);
      assertThatIllegalStateException()
          .isThrownBy(stream::iterator)
          .withMessageContaining("is being read already");

      Generation generation =
          engine.submit(GenerationRequest.of(new int[] {1, 2}).withGeneration(SHORT));
      List<Token> generated = new ArrayList<>();
      for (Token token : generation) {
        generated.add(token);
      }
      assertThat(generated).isEqualTo(streamed);
      assertThatIllegalStateException()
          .isThrownBy(generation::iterator)
          .withMessageContaining("is being read already");
      assertThat(stream.toString())
          .isEqualTo("TokenStream[6 tokens after a prompt of 2, ended by LENGTH]");
      assertThat(generation.toString()).isEqualTo("Generation[1, 6 tokens, ended by LENGTH]");
    }
  }
}
