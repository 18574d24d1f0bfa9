package dev.mor4j.cli.report;

import dev.mor4j.cli.depths.DepthCounts;
import dev.mor4j.converter.verify.LogSoftmax;
import dev.mor4j.converter.verify.TextWindows;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import java.util.stream.IntStream;

/**
 * How well a model predicts a text.
 *
 * @param nats mean negative log-likelihood of a token; NaN where a logit was
 * @param windows whole windows of the text
 * @param tokens tokens predicted
 * @param depths of the tokens read
 */
public record Perplexity(double nats, int windows, long tokens, DepthCounts depths) {
  /** Scores the windows, each a text of its own, and shows {@code progress}. */
  public static Perplexity of(
      MorModel model,
      TextWindows windows,
      RoutingMode mode,
      SessionOptions options,
      ProgressBars progress) {
    int vocabulary = model.config().architecture().vocabulary();
    DepthCounts depths = new DepthCounts(model.config().recursions());
    double[] sum = new double[1];
    progress.scored(0, windows.count());
    for (int w = 0; w < windows.count(); w++) {
      int window = w;
      depths.add(
          model.score(
              windows.window(w),
              mode,
              options,
              (first, count, logits) -> {
                double[] logs = new double[count];
                // The kernels rest now. Sums are in order, whoever has computed what.
                IntStream.range(0, count)
                    .parallel()
                    .forEach(
                        i -> {
                          int target = windows.next(window, first + i);
                          logs[i] = LogSoftmax.at(logits, i * vocabulary, vocabulary, target);
                        });
                for (double log : logs) {
                  sum[0] -= log;
                }
              }));
      progress.scored(w + 1, windows.count());
    }
    return new Perplexity(sum[0] / windows.tokens(), windows.count(), windows.tokens(), depths);
  }
}
