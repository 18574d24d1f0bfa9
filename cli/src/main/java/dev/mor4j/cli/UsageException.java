package dev.mor4j.cli;

/** Options that parse, but that cannot be had together or of this model. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
