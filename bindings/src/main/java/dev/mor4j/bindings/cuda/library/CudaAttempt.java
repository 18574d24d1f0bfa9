package dev.mor4j.bindings.cuda.library;

/**
 * A library file and what became of it.
 *
 * @param file the file, or the name of a library that was found nowhere
 * @param reason of one that was loaded: how it was found; else why it was not
 */
public record CudaAttempt(String file, String reason) {
  @Override
  public String toString() {
    return file + ": " + reason;
  }
}
