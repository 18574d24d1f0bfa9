package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.Backend;
import java.util.stream.IntStream;

/**
 * Chooses next tokens: where the logits are, if the backend does that, else on the host, several at
 * a time.
 */
final class NextTokens {
  /** Fewer choices than this are made before other threads have woken. */
  private static final int LEAST_IN_PARALLEL = 3;

  private final Backend backend;
  private final int vocabulary;

  NextTokens(Backend backend, int vocabulary) {
    this.backend = backend;
    this.vocabulary = vocabulary;
  }

  void choose(TokenChoices choices, PassBuffers buffers) {
    int onBackend = 0;
    for (int i = 0; i < choices.count; i++) {
      onBackend += isForBackend(choices, i) ? 1 : 0;
    }
    if (onBackend == 0) {
      chooseOnHost(choices, buffers);
    } else if (onBackend == choices.count) {
      chooseOnBackend(choices, buffers);
    } else {
      chooseApart(choices, buffers);
    }
  }

  private boolean isForBackend(TokenChoices choices, int i) {
    return choices.tap == null && backend.choosesFor(choices.samplers[i]);
  }

  /** Some of the choices by the backend, the others here. */
  private void chooseApart(TokenChoices choices, PassBuffers buffers) {
    TokenChoices onBackend = new TokenChoices();
    TokenChoices onHost = new TokenChoices();
    for (int i = 0; i < choices.count; i++) {
      TokenChoices part = isForBackend(choices, i) ? onBackend : onHost;
      part.add(choices.rows[i], choices.samplers[i], choices.positions[i]);
    }
    chooseOnBackend(onBackend, buffers);
    chooseOnHost(onHost, buffers);
    int taken = 0;
    for (int i = 0; i < choices.count; i++) {
      boolean there = isForBackend(choices, i);
      int at = there ? taken++ : i - taken;
      TokenChoices part = there ? onBackend : onHost;
      choices.tokens[i] = part.tokens[at];
      choices.failures[i] = part.failures[at];
    }
  }

  private void chooseOnBackend(TokenChoices choices, PassBuffers buffers) {
    int step = buffers.maxLogitRows();
    for (int first = 0; first < choices.count; first += step) {
      int rows = Math.min(step, choices.count - first);
      backend.chooseTokens(
          choices.rows,
          choices.samplers,
          choices.positions,
          choices.tokens,
          first,
          rows,
          buffers.workspace);
    }
    noteUnusable(choices);
  }

  /** Tells of tokens that a backend could not choose. */
  static void noteUnusable(TokenChoices choices) {
    for (int i = 0; i < choices.count; i++) {
      if (choices.tokens[i] < 0) {
        choices.failures[i] = choices.samplers[i].unusable();
      }
    }
  }

  /** Whether the backend would make all of the choices. */
  boolean areAllForBackend(TokenChoices choices) {
    for (int i = 0; i < choices.count; i++) {
      if (!isForBackend(choices, i)) {
        return false;
      }
    }
    return true;
  }

  private void chooseOnHost(TokenChoices choices, PassBuffers buffers) {
    int count = choices.count;
    float[] logits = buffers.logits(Math.multiplyExact(count, vocabulary));
    int step = buffers.maxLogitRows();
    for (int first = 0; first < count; first += step) {
      int rows = Math.min(step, count - first);
      backend.logits(choices.rows, first, rows, logits, first * vocabulary, buffers.workspace);
    }
    for (int i = 0; choices.tap != null && i < count; i++) {
      choices.tap.accept(i, logits, i * vocabulary);
    }
    if (count < LEAST_IN_PARALLEL) {
      for (int i = 0; i < count; i++) {
        chooseOne(choices, i, logits);
      }
    } else {
      // Each has its own sampler and logits. A pass of the kernels is not running now.
      IntStream.range(0, count).parallel().forEach(i -> chooseOne(choices, i, logits));
    }
  }

  private void chooseOne(TokenChoices choices, int i, float[] logits) {
    try {
      choices.tokens[i] = choices.samplers[i].next(logits, i * vocabulary, choices.positions[i]);
    } catch (RuntimeException e) {
      choices.failures[i] = e;
    }
  }
}
