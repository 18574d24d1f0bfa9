package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.ModelFormatException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Looks up the files of a checkpoint folder. */
public final class SourceFolder {
  private SourceFolder() {}

  /**
   * Whether {@code file} is there. A folder, a pipe or a link to nowhere in its place is not the
   * same as no file: a checkpoint read without it would be another model.
   *
   * @throws ModelFormatException where something else than a file has the name
   */
  public static boolean has(Path file) throws ModelFormatException {
    if (Files.isRegularFile(file)) {
      return true;
    }
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new ModelFormatException(
          file, "found a folder, a link to nowhere or the like, expected a file");
    }
    return false;
  }
}
