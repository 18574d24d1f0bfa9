package dev.mor4j.converter.verify;

import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How far a model's outputs are from those expected, in one routing mode.
 *
 * @param mode how expert-choice decided; other models have one result
 * @param texts texts compared, {@code B}
 * @param tokens tokens of each, {@code T}
 * @param largestDifference largest absolute difference of a logit; NaN where one of the two is NaN
 * @param decisions routing decisions compared: one for each token and recursion
 * @param differentDecisions those that are not as expected
 * @param tolerance largest difference that passes
 */
public record Verification(
    RoutingMode mode,
    int texts,
    int tokens,
    double largestDifference,
    long decisions,
    long differentDecisions,
    double tolerance) {
  /** Whether all logits are within the tolerance and no decision differs; NaN does not pass. */
  public boolean passed() {
    return largestDifference <= tolerance && differentDecisions == 0;
  }

  /**
   * Scores the texts in {@code expected} with {@code model} and compares, for every routing mode
   * that the file has.
   *
   * @param tolerance largest absolute difference of a logit that passes
   * @return one for each routing mode
   * @throws IOException where the file is missing or does not fit the model; the message says how
   */
  public static List<Verification> run(MorModel model, Path expected, double tolerance)
      throws IOException {
    if (!(tolerance >= 0 && tolerance < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "tolerance is " + tolerance + ", expected 0 or a positive number");
    }
    try (ExpectedOutputs outputs = ExpectedOutputs.open(expected, model.config())) {
      List<Verification> all = new ArrayList<>();
      for (RoutingMode mode : outputs.modes()) {
        Comparison comparison = new Comparison(outputs, mode);
        for (int row = 0; row < outputs.batch(); row++) {
          comparison.add(model, row);
        }
        all.add(
            new Verification(
                mode,
                outputs.batch(),
                outputs.tokens(),
                comparison.largest,
                comparison.decisions,
                comparison.different,
                tolerance));
      }
      return List.copyOf(all);
    }
  }

  /**
   * The larger of two differences, where NaN, once found, stays: it would be lost in every
   * comparison.
   */
  static double worse(double largest, float found, float expected) {
    // Equal infinities have no difference; infinity minus infinity would be NaN.
    double difference = found == expected ? 0 : Math.abs((double) found - expected);
    return Double.isNaN(largest) || difference <= largest ? largest : difference;
  }

  private static final class Comparison {
    private final ExpectedOutputs outputs;
    private final RoutingMode mode;
    private double largest;
    private long decisions;
    private long different;

    private Comparison(ExpectedOutputs outputs, RoutingMode mode) {
      this.outputs = outputs;
      this.mode = mode;
    }

    private void add(MorModel model, int row) {
      int vocabulary = model.config().architecture().vocabulary();
      int[] depths =
          model.score(
              outputs.inputIds(row),
              mode,
              SessionOptions.defaults(),
              (first, count, logits) -> {
                for (int i = 0; i < count; i++) {
                  for (int id = 0; id < vocabulary; id++) {
                    largest =
                        worse(
                            largest,
                            logits[i * vocabulary + id],
                            outputs.logit(mode, row, first + i, id));
                  }
                }
              });
      for (int r = 0; r < outputs.recordedRecursions(mode); r++) {
        for (int t = 0; t < depths.length; t++) {
          decisions++;
          if (depths[t] > r != outputs.isActive(mode, row, t, r)) {
            different++;
          }
        }
      }
    }
  }
}
