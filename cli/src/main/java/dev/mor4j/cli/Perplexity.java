package dev.mor4j.cli;

import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import java.util.Arrays;

/**
 * How well a model predicts a text.
 *
 * @param nats mean negative log-likelihood of a token; NaN where a logit was
 * @param windows whole windows of the text
 * @param tokens tokens predicted
 * @param depths of the tokens read
 */
record Perplexity(double nats, int windows, long tokens, DepthCounts depths) {
  /**
   * Scores whole windows of {@code window} tokens, each a text of its own: window i reads tokens
   * i·w .. i·w+w-1 and predicts i·w+1 .. i·w+w.
   */
  static Perplexity of(
      MorModel model, int[] ids, int window, RoutingMode mode, SessionOptions options) {
    int vocabulary = model.config().architecture().vocabulary();
    int windows = (ids.length - 1) / window;
    DepthCounts depths = new DepthCounts(model.config().recursions());
    double[] sum = new double[1];
    for (int w = 0; w < windows; w++) {
      int start = w * window;
      depths.add(
          model.score(
              Arrays.copyOfRange(ids, start, start + window),
              mode,
              options,
              (first, count, logits) -> {
                for (int i = 0; i < count; i++) {
                  int target = ids[start + first + i + 1];
                  sum[0] -= logProbability(logits, i * vocabulary, vocabulary, target);
                }
              }));
    }
    long tokens = (long) windows * window;
    return new Perplexity(sum[0] / tokens, windows, tokens, depths);
  }

  /** The log-softmax of one row at {@code target}, in double. */
  static double logProbability(float[] logits, int offset, int vocabulary, int target) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary; i++) {
      largest = Math.max(largest, logits[offset + i]);
    }
    double sum = 0;
    for (int i = 0; i < vocabulary; i++) {
      sum += Math.exp((double) logits[offset + i] - largest);
    }
    return logits[offset + target] - (double) largest - Math.log(sum);
  }
}
