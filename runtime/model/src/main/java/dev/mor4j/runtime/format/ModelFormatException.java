package dev.mor4j.runtime.format;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that is not what it should be. The message names the file, then the tensor or setting,
 * what was found and what was expected.
 */
public final class ModelFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /** States what is wrong with no file to name. */
  public ModelFormatException(String message) {
    super(message);
  }

  /** States what is wrong with {@code file}. */
  public ModelFormatException(Path file, String message) {
    super(file + ": " + message);
  }

  /** States what is wrong with {@code file}, found while handling {@code cause}. */
  public ModelFormatException(Path file, String message, Throwable cause) {
    super(file + ": " + message, cause);
  }
}
