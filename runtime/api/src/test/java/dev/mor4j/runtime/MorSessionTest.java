package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Generation through the public API: streams, limits, continuation, sharing between threads. */
class MorSessionTest {
  private static final GenerationOptions SHORT = GenerationOptions.greedy().withMaxNewTokens(12);

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
  void callbackStreamAndResultGiveTheSameText() {
    StringBuilder seen = new StringBuilder();
    try (MorSession session = model.newSession()) {
      GenerationResult result =
          session.generate("Once upon a time", SHORT, token -> seen.append(token.text()));
      assertThat(seen).hasToString(result.text());
      assertThat(result.tokens()).hasSize(12);
      assertThat(result.finishReason()).isEqualTo(FinishReason.LENGTH);
      assertThat(result.promptDepths()).hasSize(result.promptTokens());
      assertThat(result.tokens()).allSatisfy(token -> assertThat(token.depth()).isBetween(1, 3));
    }
    try (MorSession session = model.newSession();
        TokenStream stream = session.stream("Once upon a time", SHORT)) {
      List<Token> tokens = new ArrayList<>();
      stream.forEachRemaining(tokens::add);
      assertThat(tokens.stream().map(Token::text).collect(Collectors.joining()))
          .isEqualTo(seen.toString());
      assertThatThrownBy(stream::next).isInstanceOf(NoSuchElementException.class);
    }
  }

  @Test
  void seedRepeatsSampledText() {
    GenerationOptions sampled = GenerationOptions.defaults().withMaxNewTokens(20);
    try (MorSession session = model.newSession()) {
      GenerationResult first = session.generate("The sea", sampled);
      session.reset();
      GenerationResult again = session.generate("The sea", sampled.withSeed(first.seed()));
      assertThat(again.tokens()).isEqualTo(first.tokens());
    }
  }

  @Test
  void generationContinuesWhereTheOneBeforeEnded() {
    try (MorSession session = model.newSession();
        MorSession whole = model.newSession()) {
      List<Integer> ids = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        session
            .generate(i == 0 ? "The captain" : "", SHORT.withMaxNewTokens(4))
            .tokens()
            .forEach(token -> ids.add(token.id()));
      }
      assertThat(whole.generate("The captain", SHORT).tokens().stream().map(Token::id).toList())
          .isEqualTo(ids);
      assertThat(session.tokenIds()).isEqualTo(whole.tokenIds());
      assertThat(session.depths()).isEqualTo(whole.depths());
    }
  }

  @Test
  void depthsOfAContinuedTextAreThoseOfScoringIt() {
    try (MorSession session = model.newSession()) {
      session.generate("It was the best of times", SHORT);
      int[] ids = session.tokenIds();
      int[] depths = session.depths();
      int[] scored =
          model.score(
              ids, RoutingMode.THRESHOLD, SessionOptions.defaults(), (first, count, logits) -> {});
      assertThat(depths[ids.length - 1]).isEqualTo(-1);
      scored[ids.length - 1] = -1;
      assertThat(depths).isEqualTo(scored);
    }
  }

  @Test
  void closingAStreamCancelsAndFreesTheSession() {
    try (MorSession session = model.newSession()) {
      TokenStream stream = session.stream("A", SHORT);
      stream.next();
      assertThatIllegalStateException()
          .isThrownBy(() -> session.generate("B", SHORT))
          .withMessageContaining("stream");
      assertThatIllegalStateException().isThrownBy(stream::result);
      stream.close();
      stream.close();
      assertThat(stream.hasNext()).isFalse();
      assertThat(stream.result().finishReason()).isEqualTo(FinishReason.CANCELLED);
      assertThat(session.generate("B", SHORT).tokens()).hasSize(12);
    }
  }

  @Test
  void throwingCallbackEndsTheGenerationAndLeavesTheSessionUsable() {
    try (MorSession session = model.newSession()) {
      assertThatThrownBy(
              () ->
                  session.generate(
                      "A",
                      SHORT,
                      token -> {
                        throw new UnsupportedOperationException("enough");
                      }))
          .hasMessage("enough");
      assertThat(session.generate("", SHORT).tokens()).hasSize(12);
    }
  }

  @Test
  void contextEndsTheGeneration() {
    try (MorSession session = model.newSession(SessionOptions.defaults().withContextLength(10))) {
      GenerationResult result = session.generate(new int[] {0, 5, 6}, SHORT, token -> {});
      assertThat(result.finishReason()).isEqualTo(FinishReason.CONTEXT_FULL);
      assertThat(result.tokens()).hasSize(8);
      assertThat(session.tokenIds()).hasSize(10);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.generate(new int[] {3}, SHORT, token -> {}))
          .withMessageContaining("at most 10");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.generate(new int[0], SHORT, token -> {}))
          .withMessageContaining("full");
      session.reset();
      assertThat(session.generate(new int[] {3}, SHORT, token -> {}).tokens()).hasSize(10);
    }
  }

  @Test
  void refusesWhatCannotBe() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.newSession(SessionOptions.defaults().withMaxRecursions(4)))
        .withMessageContaining("at most the model's 3");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model.newSession(SessionOptions.defaults().withContextLength(129)));
    try (MorSession session = model.newSession()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.generate(new int[] {2048}, SHORT, token -> {}))
          .withMessageContaining("2048");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> session.generate(new int[0], SHORT, token -> {}))
          .withMessageContaining("empty");
      // Nothing of a refused prompt stays in the text.
      assertThat(session.tokenIds()).isEmpty();
    }
  }

  @Test
  void cappedRecursionsShowInTheDepths() {
    try (MorSession session = model.newSession(SessionOptions.defaults().withMaxRecursions(1))) {
      GenerationResult result = session.generate("The sea", SHORT);
      assertThat(result.promptDepths()).allMatch(depth -> depth == 1);
      assertThat(result.kv().entries()).isEqualTo(result.kv().tokens() * 4L);
    }
    try (MorSession open = model.newSession(SessionOptions.defaults().withThreshold(0));
        MorSession shut = model.newSession(SessionOptions.defaults().withThreshold(1))) {
      assertThat(open.generate("The sea", SHORT).promptDepths()).allMatch(depth -> depth == 3);
      assertThat(shut.generate("The sea", SHORT).promptDepths()).allMatch(depth -> depth == 1);
    }
  }

  @Test
  void stopStringEndsTheText() {
    try (MorSession session = model.newSession()) {
      String text = session.generate("The sea", SHORT).text();
      String stop = text.substring(text.length() / 2, text.length() / 2 + 2);
      session.reset();
      GenerationResult result = session.generate("The sea", SHORT.withStop(List.of(stop)));
      assertThat(result.text()).isEqualTo(text.substring(0, text.indexOf(stop)));
      assertThat(result.finishReason()).isEqualTo(FinishReason.STOP);
    }
  }

  @Test
  void concurrentUseOfASessionIsRefusedAndHarmless() throws Exception {
    try (MorSession session = model.newSession();
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Future<RuntimeException>> refused = new ArrayList<>();
      session.generate(
          "A",
          SHORT.withMaxNewTokens(2),
          token ->
              // The stream of this generation is open, so another thread is refused.
              refused.add(threads.submit(() -> failure(() -> session.generate("B", SHORT)))));
      for (Future<RuntimeException> failure : refused) {
        RuntimeException thrown = failure.get();
        assertThat(thrown == null || thrown instanceof IllegalStateException).isTrue();
      }
    }
  }

  private static RuntimeException failure(Callable<?> call) throws Exception {
    try {
      call.call();
      return null;
    } catch (RuntimeException e) {
      return e;
    }
  }

  @Test
  void sessionsOfOneModelOnManyThreadsGiveTheSameText() throws Exception {
    String expected;
    try (MorSession session = model.newSession()) {
      expected = session.generate("It was the best of times", SHORT).text();
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
      List<Future<String>> texts = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        texts.add(
            threads.submit(
                () -> {
                  try (MorSession session = model.newSession()) {
                    return session.generate("It was the best of times", SHORT).text();
                  }
                }));
      }
      for (Future<String> text : texts) {
        assertThat(text.get()).isEqualTo(expected);
      }
    } catch (ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void closedSessionsSayWhatTheyAre() {
    MorSession session = model.newSession();
    TokenStream stream = session.stream("A", SHORT);
    session.close();
    session.close();
    assertThat(stream.hasNext()).isFalse();
    assertThatIllegalStateException().isThrownBy(session::tokenIds).withMessageContaining("closed");
    assertThatIllegalStateException().isThrownBy(session::kvStatistics);
    assertThatIllegalStateException().isThrownBy(() -> session.generate("A", SHORT));
  }
}
