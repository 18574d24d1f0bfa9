package dev.mor4j.runtime.format;

import java.nio.file.Path;
import java.util.Objects;

/**
 * The weight file of an open model was cut, overwritten, replaced or deleted, or can no longer be
 * read. Nothing more can be computed by the model: every later call says so at once, with the first
 * of these exceptions as its cause. What was computed before the change is right. Close the model
 * and open it again; other models are not affected.
 */
public final class ModelChangedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Path file;
  private final String what;

  /**
   * @param file the weight file
   * @param what what happened to it; the message has the file before it
   * @param cause what was noticed first; may be null
   */
  public ModelChangedException(Path file, String what, Throwable cause) {
    super(
        Objects.requireNonNull(file, "file") + ": " + Objects.requireNonNull(what, "what"), cause);
    this.file = file;
    this.what = what;
  }

  /** The weight file; null in an exception that was serialized. */
  public Path file() {
    return file;
  }

  /** What happened to the file, without its name, for those who may not know where it lies. */
  public String what() {
    return what;
  }
}
