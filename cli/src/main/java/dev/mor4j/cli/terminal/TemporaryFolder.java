package dev.mor4j.cli.terminal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder that is gone after {@link #close()}, or when the JVM is ended before. */
public final class TemporaryFolder implements AutoCloseable {
  private final Path path;
  private final Thread hook;

  public TemporaryFolder() throws IOException {
    this.path = Files.createTempDirectory("mor4j-");
    this.hook = new Thread(this::delete, "mor4j-delete-temporary-folder");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  public Path path() {
    return path;
  }

  @Override
  public void close() {
    delete();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is ending: the hook runs, or has run.
    }
  }

  private void delete() {
    if (!Files.exists(path)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(path)) {
      List<Path> deepestFirst = walk.sorted(Comparator.reverseOrder()).toList();
      for (Path file : deepestFirst) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      System.err.println("mor4j: note: could not remove " + path + ": " + e.getMessage());
    }
  }
}
