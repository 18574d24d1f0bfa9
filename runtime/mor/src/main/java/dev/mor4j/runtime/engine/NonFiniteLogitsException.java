package dev.mor4j.runtime.engine;

/**
 * A model has computed no logit that a token could be chosen by: all of them are NaN or -infinity.
 * Its weights are damaged, or hold numbers that are not finite: {@code mor4j convert} finds those.
 * Ends the text that is being made, and no other.
 */
public final class NonFiniteLogitsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String model;

  /**
   * @param model the folder of the model, for the message
   */
  public NonFiniteLogitsException(String model) {
    super(
        model
            + ": the model computed no usable logit (all are NaN or -infinity); its weights are"
            + " damaged or not finite: convert its checkpoint again, which names such tensors");
    this.model = model;
  }

  /** The folder of the model. */
  public String model() {
    return model;
  }
}
