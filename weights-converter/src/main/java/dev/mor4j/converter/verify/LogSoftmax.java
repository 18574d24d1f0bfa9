package dev.mor4j.converter.verify;

/** Logarithms of probabilities from a row of logits, in double precision. */
public final class LogSoftmax {
  private LogSoftmax() {}

  /** The log-softmax of the row at {@code offset} of {@code logits}, at {@code id}. */
  public static double at(float[] logits, int offset, int vocabulary, int id) {
    float largest = largest(logits, offset, vocabulary);
    return logits[offset + id]
        - (double) largest
        - Math.log(sum(logits, offset, vocabulary, largest));
  }

  /** What to take from each logit of the row to get its log-softmax. */
  static double normalizer(float[] logits, int offset, int vocabulary) {
    float largest = largest(logits, offset, vocabulary);
    return largest + Math.log(sum(logits, offset, vocabulary, largest));
  }

  private static float largest(float[] logits, int offset, int vocabulary) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary; i++) {
      largest = Math.max(largest, logits[offset + i]);
    }
    return largest;
  }

  private static double sum(float[] logits, int offset, int vocabulary, float largest) {
    double sum = 0;
    for (int i = 0; i < vocabulary; i++) {
      sum += Math.exp((double) logits[offset + i] - largest);
    }
    return sum;
  }
}
