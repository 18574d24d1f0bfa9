package dev.mor4j.runtime.weights;

/**
 * The weights of one decoder layer, borrowed from the model's map.
 *
 * @param attention its first half
 * @param feedForward its second half
 */
public record LayerWeights(Attention attention, FeedForward feedForward) {
  /**
   * The weights of attention.
   *
   * @param norm [1, H], before it
   * @param q [NH·DH, H]
   * @param k [NKV·DH, H]
   * @param v [NKV·DH, H]
   * @param o [H, NH·DH]
   */
  public record Attention(
      MatrixView norm, MatrixView q, MatrixView k, MatrixView v, MatrixView o) {}

  /**
   * The weights of the gated feed-forward network.
   *
   * @param norm [1, H], before it
   * @param gate [F, H]
   * @param up [F, H]
   * @param down [H, F]
   */
  public record FeedForward(MatrixView norm, MatrixView gate, MatrixView up, MatrixView down) {}

  public MatrixView inputNorm() {
    return attention.norm();
  }

  public MatrixView q() {
    return attention.q();
  }

  public MatrixView k() {
    return attention.k();
  }

  public MatrixView v() {
    return attention.v();
  }

  public MatrixView o() {
    return attention.o();
  }

  public MatrixView postNorm() {
    return feedForward.norm();
  }

  public MatrixView gate() {
    return feedForward.gate();
  }

  public MatrixView up() {
    return feedForward.up();
  }

  public MatrixView down() {
    return feedForward.down();
  }
}
