package dev.mor4j.cli.terminal;

/** Options that parse, but that cannot be had together or of this model. */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }
}
