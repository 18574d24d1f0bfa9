package dev.mor4j.converter;

import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears whole or not at all: written under another name next to its destination, then
 * renamed. Closing before {@link #commit()} removes what was written, and so does the end of the
 * JVM. What a killed JVM leaves is removed by the next output in the same folder.
 */
public final class OutputFile implements AutoCloseable {
  private final Path destination;
  private final boolean overwrite;
  private final PartialOutput partial;

  private OutputFile(Path destination, boolean overwrite) throws IOException {
    this.destination = destination;
    this.overwrite = overwrite;
    this.partial = new PartialOutput(destination, Files::deleteIfExists);
  }

  /**
   * Checks that {@code destination} may be written: it does not exist, or is a file to be replaced.
   *
   * @throws ModelFormatException where it may not
   */
  public static void check(Path destination, boolean overwrite) throws ModelFormatException {
    if (!Files.exists(destination, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!overwrite) {
      throw new ModelFormatException(
          destination, "the destination exists, expected a new file, or the option to overwrite");
    }
    if (!Files.isRegularFile(destination, LinkOption.NOFOLLOW_LINKS)) {
      throw new ModelFormatException(
          destination, "the destination is a folder, a link or the like, expected a file");
    }
  }

  /** Begins to write what will be {@code destination}; folders above it are made. */
  public static OutputFile create(Path destination, boolean overwrite) throws IOException {
    Path absolute = destination.toAbsolutePath().normalize();
    check(absolute, overwrite);
    Files.createDirectories(absolute.getParent());
    return new OutputFile(absolute, overwrite);
  }

  /** The file to write, which does not exist yet. */
  public Path path() {
    return partial.path();
  }

  /** Forces the file to the disk and puts it in its place. */
  public void commit() throws IOException {
    try (FileChannel channel = FileChannel.open(partial.path(), StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    check(destination, overwrite);
    Files.move(partial.path(), destination, StandardCopyOption.ATOMIC_MOVE);
  }

  @Override
  public void close() {
    partial.close();
  }
}
