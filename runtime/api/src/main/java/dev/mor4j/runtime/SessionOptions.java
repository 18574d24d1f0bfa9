package dev.mor4j.runtime;

import java.util.Map;
import java.util.function.Consumer;

/**
 * What is fixed for the life of a session, because its caches follow from it. Immutable: a {@code
 * with…} method gives options that differ in one value.
 */
public final class SessionOptions {
  /** The threshold that models are trained for: the logit 0. */
  static final double TRAINED_THRESHOLD = 0.5;

  /** The values by name, at first the defaults; never changed once options have them. */
  private static final class Values {
    int maxRecursions = 0;
    double probabilityThreshold = TRAINED_THRESHOLD;
    int contextLength = 0;

    Values copy() {
      Values copy = new Values();
      copy.maxRecursions = maxRecursions;
      copy.probabilityThreshold = probabilityThreshold;
      copy.contextLength = contextLength;
      return copy;
    }
  }

  private final Values values;

  private SessionOptions(Values values) {
    Options.require(
        values.maxRecursions >= 0,
        "maxRecursions",
        values.maxRecursions,
        "1 or more, or 0 for all");
    Options.require(
        values.probabilityThreshold >= 0 && values.probabilityThreshold <= 1,
        "probabilityThreshold",
        values.probabilityThreshold,
        "0 to 1");
    Options.require(
        values.contextLength >= 0,
        "contextLength",
        values.contextLength,
        "1 or more, or 0 for the model's");
    this.values = values;
  }

  /** All recursions, the threshold as trained, the model's own context length. */
  public static SessionOptions defaults() {
    return new SessionOptions(new Values());
  }

  private SessionOptions with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new SessionOptions(changed);
  }

  /**
   * Recursions that may run, 1 to N; 0 for all that the model has (test-time scaling, section 4.2
   * of arXiv 2507.10524).
   */
  public int maxRecursions() {
    return values.maxRecursions;
  }

  /**
   * Probability from which expert-choice lets a token take part, in [0, 1]: 0.5 as trained, 0 for
   * all tokens, 1 for none. Recursions whose capacity is 1 take all tokens whatever it is.
   */
  public double probabilityThreshold() {
    return values.probabilityThreshold;
  }

  /**
   * Most tokens of the session, those of prompts and generated ones; 0 for as many as the model was
   * made for.
   */
  public int contextLength() {
    return values.contextLength;
  }

  /** These options with another {@link #maxRecursions()}. */
  public SessionOptions withMaxRecursions(int value) {
    return with(changed -> changed.maxRecursions = value);
  }

  /** These options with another {@link #probabilityThreshold()}. */
  public SessionOptions withProbabilityThreshold(double value) {
    return with(changed -> changed.probabilityThreshold = value);
  }

  /** These options with another {@link #contextLength()}. */
  public SessionOptions withContextLength(int value) {
    return with(changed -> changed.contextLength = value);
  }

  private Map<String, Object> named() {
    return Options.named(
        "maxRecursions", values.maxRecursions,
        "probabilityThreshold", values.probabilityThreshold,
        "contextLength", values.contextLength);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SessionOptions options && named().equals(options.named());
  }

  @Override
  public int hashCode() {
    return named().hashCode();
  }

  @Override
  public String toString() {
    return Options.text(SessionOptions.class, named());
  }
}
