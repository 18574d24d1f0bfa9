package dev.mor4j.runtime.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import java.util.Optional;

/**
 * What tells a file from what it is after a change, as far as the file system says.
 *
 * @param key its inode, with its device; null on file systems without such a thing
 */
record FileState(long size, FileTime modified, Object key) {
  static FileState of(Path file) throws IOException {
    BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
    return new FileState(now.size(), now.lastModifiedTime(), now.fileKey());
  }

  /** What has happened to a file of which this was the state; empty when nothing has. */
  Optional<String> changeTo(FileState now) {
    if (!Objects.equals(key, now.key)) {
      return Optional.of("the file was replaced by another while the model was open");
    }
    if (size != now.size) {
      return Optional.of(
          "the file was changed while the model was open: it has "
              + now.size
              + " bytes, expected the "
              + size
              + " it had when opened");
    }
    if (!modified.equals(now.modified)) {
      return Optional.of(
          "the file was changed while the model was open: it was last modified at "
              + now.modified
              + ", expected "
              + modified);
    }
    return Optional.empty();
  }
}
