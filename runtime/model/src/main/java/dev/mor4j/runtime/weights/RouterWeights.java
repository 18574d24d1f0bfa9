package dev.mor4j.runtime.weights;

import java.util.Optional;

/**
 * The weights of one router, borrowed from the model's map.
 *
 * @param w1 linear: [outs, H]; mlp: [2H, H]
 * @param w2 mlp: [outs, 2H]
 * @param temperature divides the input
 */
public record RouterWeights(MatrixView w1, Optional<MatrixView> w2, float temperature) {
  /** Outputs per token. */
  public int outputs() {
    return Math.toIntExact(w2.orElse(w1).rows());
  }
}
