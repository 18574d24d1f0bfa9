package dev.mor4j.converter;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A place next to a destination for what is written before it is whole. What is still there is
 * removed by {@link #close()}, and by the end of the JVM. Where the JVM is killed, the next output
 * beside it removes it: {@link AbandonedOutputs}.
 */
final class PartialOutput implements AutoCloseable {
  /** Removes what is at a path, if anything is. */
  @FunctionalInterface
  interface Removal {
    void remove(Path path) throws IOException;
  }

  private final Path destination;
  private final OutputLock lock;
  private final Removal removal;
  private final Thread hook;

  /**
   * Removes what killed processes left beside {@code destination}, and takes a name for its own.
   */
  PartialOutput(Path destination, Removal removal) throws IOException {
    AbandonedOutputs.remove(destination.getParent());
    this.destination = destination;
    this.lock = OutputLock.take(destination);
    this.removal = removal;
    this.hook = new Thread(this::discard, "mor4j-discard-partial-output");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  Path path() {
    return lock.partial();
  }

  /** Renames the partial output to the destination; what is there now is removed afterwards. */
  void replace() throws IOException {
    if (!Files.exists(destination, LinkOption.NOFOLLOW_LINKS)) {
      Files.move(path(), destination, StandardCopyOption.ATOMIC_MOVE);
      return;
    }
    // A process that is killed between the two moves leaves the old one under a name that says
    // where it belongs: AbandonedOutputs puts it back.
    Files.move(destination, lock.old(), StandardCopyOption.ATOMIC_MOVE);
    try {
      Files.move(path(), destination, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.move(lock.old(), destination, StandardCopyOption.ATOMIC_MOVE);
      throw e;
    }
    remove(lock.old());
  }

  /** Removes what is at {@code path}; where that fails, says so and goes on. */
  private boolean remove(Path path) {
    try {
      removal.remove(path);
      return true;
    } catch (IOException e) {
      System.getLogger(PartialOutput.class.getName())
          .log(System.Logger.Level.WARNING, "could not remove " + path, e);
      return false;
    }
  }

  /** What cannot be removed keeps its lock file, so that the next output beside it tries again. */
  private void discard() {
    boolean removed = remove(path());
    boolean nothingOld = !Files.exists(lock.old(), LinkOption.NOFOLLOW_LINKS);
    lock.release(removed && nothingOld);
  }

  @Override
  public void close() {
    discard();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook runs, or has run.
    }
  }
}
