package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reading ids gives the tokens and the result that reading tokens gives. */
class TokenStreamTest {
  private static final GenerationOptions SAMPLED =
      GenerationOptions.defaults().withMaxNewTokens(24).withSeed(11);

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

  /** Reads a generation; every {@code step}-th token by its id with text, others by id alone. */
  private static GenerationResult readIds(GenerationOptions options, int step, List<Token> tokens) {
    try (MorSession session = model.newSession();
        TokenStream stream = session.stream("Once upon a time", options)) {
      for (int i = 0; stream.hasNext(); i++) {
        Token expected = tokens.get(i);
        assertThat(stream.nextId()).isEqualTo(expected.id());
        assertThat(stream.depth()).isEqualTo(expected.depth());
        assertThat(stream.position()).isEqualTo(expected.position());
        if (i % step == 0) {
          assertThat(stream.text()).isEqualTo(expected.text()).isEqualTo(stream.text());
        }
      }
      assertThatThrownBy(stream::nextId).isInstanceOf(NoSuchElementException.class);
      assertThat(stream.text()).isEqualTo(tokens.getLast().text());
      return stream.result();
    }
  }

  @Test
  void idsAndTextsAreThoseOfTheTokens() {
    GenerationResult whole;
    try (MorSession session = model.newSession()) {
      whole = session.generate("Once upon a time", SAMPLED);
    }
    String stop = whole.text().substring(whole.text().length() - 3);
    for (GenerationOptions options : List.of(SAMPLED, SAMPLED.withStop(List.of(stop, "@@@@")))) {
      GenerationResult expected;
      try (MorSession session = model.newSession()) {
        expected = session.generate("Once upon a time", options);
      }
      for (int step : new int[] {1, 5, 100}) {
        GenerationResult found = readIds(options, step, expected.tokens());
        assertThat(found.tokens()).isEqualTo(expected.tokens());
        assertThat(found.text()).isEqualTo(expected.text());
        assertThat(found.finishReason()).isEqualTo(expected.finishReason());
        assertThat(found.promptDepths()).isEqualTo(expected.promptDepths());
        assertThat(found.kv()).isEqualTo(expected.kv());
      }
    }
  }

  @Test
  void waysOfReadingMix() {
    try (MorSession session = model.newSession()) {
      GenerationResult expected = session.generate("The sea", SAMPLED);
      session.reset();
      TokenStream stream = session.stream("The sea", SAMPLED);
      assertThatIllegalStateException().isThrownBy(stream::depth);
      assertThatIllegalStateException().isThrownBy(stream::text);
      stream.nextId();
      stream.nextId();
      assertThat(stream.next()).isEqualTo(expected.tokens().get(2));
      stream.nextId();
      stream.close();
      assertThat(stream.result().tokens()).isEqualTo(expected.tokens().subList(0, 4));
      assertThat(stream.position()).isEqualTo(expected.tokens().get(3).position());
    }
  }

  @Test
  void theLastTokenOfAFullContextIsInTheResult() {
    try (MorSession session = model.newSession(SessionOptions.defaults().withContextLength(10))) {
      GenerationResult expected = session.generate(new int[] {0, 5, 6}, SAMPLED, token -> {});
      session.reset();
      try (TokenStream stream = session.stream(new int[] {0, 5, 6}, SAMPLED)) {
        while (stream.hasNext()) {
          stream.nextId();
        }
        assertThat(stream.result().tokens()).isEqualTo(expected.tokens()).hasSize(8);
        assertThat(stream.result().finishReason()).isEqualTo(FinishReason.CONTEXT_FULL);
      }
    }
  }
}
