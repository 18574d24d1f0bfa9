package dev.mor4j.cli.terminal;

/** The reader of the output went away: the command has nothing left to do. */
public final class OutputClosedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OutputClosedException(Throwable cause) {
    super(cause);
  }
}
