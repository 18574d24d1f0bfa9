package dev.mor4j.runtime;

/**
 * What is fixed for the life of a session, because its caches follow from it.
 *
 * @param maxRecursions recursions that may run, 1 to N; 0 for all that the model has (test-time
 *     scaling, section 4.2 of arXiv 2507.10524)
 * @param threshold probability from which expert-choice lets a token take part, in [0, 1]; 0.5 as
 *     trained, 0 for all tokens, 1 for none (the recursions whose capacity is 1 take all tokens
 *     whatever it is)
 * @param contextLength most tokens of the session, prompt and generated; 0 for as many as the model
 *     was made for
 */
public record SessionOptions(int maxRecursions, double threshold, int contextLength) {
  /** All recursions, the threshold as trained, the model's own context length. */
  public static SessionOptions defaults() {
    return new SessionOptions(0, 0.5, 0);
  }

  public SessionOptions {
    if (maxRecursions < 0) {
      throw new IllegalArgumentException(
          "maxRecursions is " + maxRecursions + ", expected 1 or more, or 0 for all");
    }
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new IllegalArgumentException("threshold is " + threshold + ", expected 0 to 1");
    }
    if (contextLength < 0) {
      throw new IllegalArgumentException(
          "contextLength is " + contextLength + ", expected 1 or more, or 0 for the model's");
    }
  }

  public SessionOptions withMaxRecursions(int value) {
    return new SessionOptions(value, threshold, contextLength);
  }

  public SessionOptions withThreshold(double value) {
    return new SessionOptions(maxRecursions, value, contextLength);
  }

  public SessionOptions withContextLength(int value) {
    return new SessionOptions(maxRecursions, threshold, value);
  }
}
