package dev.mor4j.converter;

import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.bounds.TextFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A folder that appears whole or not at all: written under another name next to its destination,
 * then renamed. Closing before {@link #commit()} removes what was written, and so does the end of
 * the JVM. What a killed JVM leaves is removed by the next output in the same folder.
 */
public final class OutputFolder implements AutoCloseable {
  public static final String WEIGHTS = "model.safetensors";
  public static final String REPORT = "conversion.json";

  /** The files of a converted model; a folder with anything else in it is never replaced. */
  private static final Set<String> FILES =
      Stream.concat(
              Stream.of(ModelConfigJson.FILE_NAME, WEIGHTS, REPORT), TextFiles.names().stream())
          .collect(Collectors.toUnmodifiableSet());

  private final Path destination;
  private final boolean overwrite;
  private final PartialOutput partial;

  private OutputFolder(Path destination, boolean overwrite) throws IOException {
    this.destination = destination;
    this.overwrite = overwrite;
    this.partial = new PartialOutput(destination, OutputFolder::delete);
    try {
      Files.createDirectory(partial.path());
    } catch (IOException e) {
      partial.close();
      throw e;
    }
  }

  /**
   * Checks that {@code destination} may be written: it does not exist, or is a converted model to
   * be replaced.
   *
   * @throws ModelFormatException where it may not
   */
  public static void check(Path destination, boolean overwrite) throws IOException {
    if (!Files.exists(destination, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!overwrite) {
      throw new ModelFormatException(
          destination, "the destination exists, expected a new folder, or the option to overwrite");
    }
    if (!Files.isDirectory(destination, LinkOption.NOFOLLOW_LINKS)) {
      throw new ModelFormatException(
          destination, "the destination is a file or a link, expected a folder");
    }
    try (Stream<Path> files = Files.list(destination)) {
      List<String> foreign =
          files
              .filter(
                  file -> !isWritten(file) || Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
              .map(file -> file.getFileName().toString())
              .sorted()
              .limit(5)
              .toList();
      if (!foreign.isEmpty()) {
        throw new ModelFormatException(
            destination,
            "the destination holds " + foreign + ", expected only the files of a converted model");
      }
    }
    try (Stream<Path> files = Files.list(destination)) {
      if (files.findAny().isPresent()) {
        // Throws where it is, say, the checkpoint that someone else's config.json belongs to.
        ModelConfigJson.read(destination.resolve(ModelConfigJson.FILE_NAME));
      }
    }
  }

  /** Whether a conversion writes files of this name. */
  static boolean isWritten(Path file) {
    return FILES.contains(file.getFileName().toString());
  }

  /** Begins to write what will be {@code destination}. */
  public static OutputFolder create(Path destination, boolean overwrite) throws IOException {
    Path absolute = destination.toAbsolutePath().normalize();
    check(absolute, overwrite);
    Files.createDirectories(absolute.getParent());
    return new OutputFolder(absolute, overwrite);
  }

  /** Where to write the files. */
  public Path path() {
    return partial.path();
  }

  /** Forces the files to the disk and puts the folder in its place. */
  public void commit() throws IOException {
    try (Stream<Path> files = Files.list(partial.path())) {
      for (Path file : files.toList()) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.force(true);
        }
      }
    }
    check(destination, overwrite);
    partial.replace();
  }

  @Override
  public void close() {
    partial.close();
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    }
  }
}
