package dev.mor4j.fuzz;

import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A folder for inputs that a reader wants as files. */
public final class Scratch {
  /** Opens a file. */
  @FunctionalInterface
  public interface Opening {
    /** Opens {@code file}. */
    void open(Path file) throws IOException;
  }

  private final Path folder;

  /** A new folder: in memory where the system has a place for that, for it is far quicker. */
  public Scratch() {
    try {
      Path memory = Path.of("/dev/shm");
      Path parent = Path.of("target", "scratch");
      if (Files.isDirectory(memory) && Files.isWritable(memory)) {
        parent = memory;
      }
      folder = Files.createTempDirectory(Files.createDirectories(parent), "mor4j-fuzz");
      Runtime.getRuntime().addShutdownHook(new Thread(this::delete));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void delete() {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The folder. */
  public Path folder() {
    return folder;
  }

  /** Writes {@code input} to the file {@code name}. */
  public Path write(String name, byte[] input) throws IOException {
    return Files.write(folder.resolve(name), input);
  }

  /**
   * Has {@code opening} open {@code path}. It may refuse: with a {@link ModelFormatException} whose
   * message names the file or its folder. Everything else is a finding.
   */
  public void open(Path path, Opening opening) throws IOException {
    try {
      opening.open(path);
    } catch (ModelFormatException e) {
      if (!e.getMessage().contains(folder.toString())) {
        throw new AssertionError("the message does not name the file: " + e.getMessage(), e);
      }
    }
  }
}
