package dev.mor4j.runtime.text.codec;

/** A text has more tokens than the caller allows. The rest of the text was not looked at. */
public final class TooManyTokensException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final int maxTokens;

  /**
   * @param maxTokens most tokens allowed
   */
  public TooManyTokensException(int maxTokens) {
    super("the text has more than " + maxTokens + " tokens");
    this.maxTokens = maxTokens;
  }

  /** Most tokens allowed. */
  public int maxTokens() {
    return maxTokens;
  }
}
