package dev.mor4j.converter.verify;

import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import java.util.Arrays;

/** Adds up what two models say of windows of a text. One thread. */
final class ComparedWindows {
  private final MorModel a;
  private final MorModel b;
  private final TextWindows windows;
  private final RoutingMode mode;
  private final SessionOptions options;
  private final int vocabulary;
  private final float[][] logitsOfA;

  /** Whether the router of A was far from the threshold, for each recursion and token. */
  private final boolean[][] clear;

  private int done;
  private double natsOfA;
  private double natsOfB;
  private long sameTop;
  private long decisions;
  private long sameDecisions;
  private long clearDecisions;
  private long sameClearDecisions;
  private double divergence;
  private double largestDivergence;
  private double largestDifference;

  ComparedWindows(
      MorModel a, MorModel b, TextWindows windows, RoutingMode mode, SessionOptions options) {
    this.a = a;
    this.b = b;
    this.windows = windows;
    this.mode = mode;
    this.options = options;
    this.vocabulary = a.config().architecture().vocabulary();
    this.logitsOfA = new float[windows.length()][];
    this.clear = new boolean[a.config().recursions()][windows.length()];
  }

  /** Scores window {@code window} with both. */
  void add(int window) {
    int[] ids = windows.window(window);
    for (boolean[] recursion : clear) {
      Arrays.fill(recursion, false);
    }
    int[] depthsOfA =
        a.score(
            ids,
            mode,
            options,
            (recursion, count, tokens, outputs, logitThreshold) -> {
              for (int i = 0; i < count; i++) {
                clear[recursion][tokens[i]] =
                    Math.abs(outputs[i] - logitThreshold) > ModelComparison.CLEAR_MARGIN;
              }
            },
            (first, count, logits) -> {
              for (int i = 0; i < count; i++) {
                logitsOfA[first + i] =
                    Arrays.copyOfRange(logits, i * vocabulary, (i + 1) * vocabulary);
              }
            });
    int[] depthsOfB =
        b.score(
            ids,
            mode,
            options,
            (first, count, logits) -> {
              for (int i = 0; i < count; i++) {
                int token = first + i;
                compare(logitsOfA[token], logits, i * vocabulary, windows.next(window, token));
              }
            });
    compareDepths(depthsOfA, depthsOfB);
    done++;
  }

  private void compare(float[] rowOfA, float[] logitsOfB, int offset, int next) {
    double normalizerOfA = LogSoftmax.normalizer(rowOfA, 0, vocabulary);
    double normalizerOfB = LogSoftmax.normalizer(logitsOfB, offset, vocabulary);
    natsOfA += normalizerOfA - rowOfA[next];
    natsOfB += normalizerOfB - logitsOfB[offset + next];
    int topOfA = 0;
    int topOfB = 0;
    double sum = 0;
    for (int id = 0; id < vocabulary; id++) {
      float ofA = rowOfA[id];
      float ofB = logitsOfB[offset + id];
      topOfA = ofA > rowOfA[topOfA] ? id : topOfA;
      topOfB = ofB > logitsOfB[offset + topOfB] ? id : topOfB;
      double logOfA = ofA - normalizerOfA;
      sum += Math.exp(logOfA) * (logOfA - (ofB - normalizerOfB));
      largestDifference = Verification.worse(largestDifference, ofA, ofB);
    }
    sameTop += topOfA == topOfB ? 1 : 0;
    divergence += sum;
    // NaN, once found, stays.
    largestDivergence =
        Double.isNaN(largestDivergence) || sum <= largestDivergence ? largestDivergence : sum;
  }

  private void compareDepths(int[] depthsOfA, int[] depthsOfB) {
    for (int r = 0; r < clear.length; r++) {
      for (int t = 0; t < depthsOfA.length; t++) {
        boolean same = depthsOfA[t] > r == depthsOfB[t] > r;
        decisions++;
        sameDecisions += same ? 1 : 0;
        clearDecisions += clear[r][t] ? 1 : 0;
        sameClearDecisions += clear[r][t] && same ? 1 : 0;
      }
    }
  }

  ModelComparison result() {
    long tokens = (long) done * windows.length();
    return new ModelComparison(
        done,
        tokens,
        sameTop,
        new ModelComparison.Likelihood(natsOfA / tokens, natsOfB / tokens),
        new ModelComparison.Decisions(decisions, sameDecisions, clearDecisions, sameClearDecisions),
        new ModelComparison.Distance(divergence / tokens, largestDivergence, largestDifference));
  }
}
