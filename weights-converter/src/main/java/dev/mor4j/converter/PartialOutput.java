package dev.mor4j.converter;

import java.io.IOException;
import java.nio.file.Path;
import java.util.UUID;

/**
 * A place next to a destination for what is written before it is whole. What is still there is
 * removed by {@link #close()}, and by the end of the JVM.
 */
final class PartialOutput implements AutoCloseable {
  /** Removes what is at a path, if anything is. */
  @FunctionalInterface
  interface Removal {
    void remove(Path path) throws IOException;
  }

  private final Path path;
  private final Removal removal;
  private final Thread hook;

  PartialOutput(Path destination, Removal removal) {
    this.path = sibling(destination, "partial");
    this.removal = removal;
    this.hook = new Thread(() -> remove(path, removal), "mor4j-discard-partial-output");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  Path path() {
    return path;
  }

  /** A hidden name next to {@code destination} that nobody else has. */
  static Path sibling(Path destination, String role) {
    return destination.resolveSibling(
        "." + destination.getFileName() + ".mor4j-" + role + "-" + UUID.randomUUID());
  }

  /** Removes what is at {@code path}; where that fails, says so and goes on. */
  static void remove(Path path, Removal removal) {
    try {
      removal.remove(path);
    } catch (IOException e) {
      System.getLogger(PartialOutput.class.getName())
          .log(System.Logger.Level.WARNING, "could not remove " + path, e);
    }
  }

  @Override
  public void close() {
    remove(path, removal);
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook runs, or has run.
    }
  }
}
