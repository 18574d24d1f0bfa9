package dev.mor4j.converter;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * What processes that were killed left of their outputs: removed by the next output in the same
 * folder, whatever its name. An output of a live process, of another user or with anything in it
 * that a conversion does not write stays as it is, and so does a link under such a name.
 */
final class AbandonedOutputs {
  private static final System.Logger LOG = System.getLogger(AbandonedOutputs.class.getName());

  private AbandonedOutputs() {}

  /** Removes those in {@code folder}; a failure is a warning. */
  static void remove(Path folder) {
    List<Path> partials = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, ".*.mor4j-partial-*")) {
      files.forEach(file -> OutputLock.partialOf(file).ifPresent(partials::add));
    } catch (IOException | DirectoryIteratorException e) {
      LOG.log(System.Logger.Level.DEBUG, "could not look for abandoned outputs in " + folder, e);
    }
    for (Path partial : partials) {
      OutputLock.takeOver(partial).ifPresent(AbandonedOutputs::remove);
    }
  }

  private static void remove(OutputLock lock) {
    boolean done = false;
    try {
      restore(lock);
      boolean partialRemoved = removed(lock.partial());
      done = removed(lock.old()) && partialRemoved;
    } catch (IOException | DirectoryIteratorException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          lock.partial() + " was left by a process that was killed, and cannot be removed",
          e);
    } finally {
      lock.release(done);
    }
  }

  /** A killed process may have moved the old output away and not yet the new one in its place. */
  private static void restore(OutputLock lock) throws IOException {
    if (Files.exists(lock.old(), LinkOption.NOFOLLOW_LINKS)
        && !Files.exists(lock.destination(), LinkOption.NOFOLLOW_LINKS)) {
      Files.move(lock.old(), lock.destination(), StandardCopyOption.ATOMIC_MOVE);
      LOG.log(
          System.Logger.Level.WARNING,
          "{0} is back: a process that was killed while it replaced it had moved it away",
          lock.destination());
    }
  }

  /** Whether nothing is left at the path. */
  private static boolean removed(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return true;
    }
    if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      Files.deleteIfExists(path);
      return true;
    }
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS) && emptied(path)) {
      Files.deleteIfExists(path);
      return true;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "{0} has the name of an unfinished output and holds what no conversion writes;"
            + " it stays as it is",
        path);
    return false;
  }

  /** Removes the files, if all of them are such as a conversion writes. */
  private static boolean emptied(Path folder) throws IOException {
    try (DirectoryStream<Path> beside = Files.newDirectoryStream(folder.getParent())) {
      if (beside instanceof SecureDirectoryStream<Path> secure) {
        // Opened without following links, and then used by handle: whoever may write in the folder
        // above cannot put a link to another folder in its place meanwhile.
        try (SecureDirectoryStream<Path> files =
            secure.newDirectoryStream(folder.getFileName(), LinkOption.NOFOLLOW_LINKS)) {
          List<Path> names = new ArrayList<>();
          for (Path file : files) {
            BasicFileAttributes attributes =
                files
                    .getFileAttributeView(
                        file.getFileName(), BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .readAttributes();
            if (!attributes.isRegularFile() || !OutputFolder.isWritten(file)) {
              return false;
            }
            names.add(file.getFileName());
          }
          for (Path name : names) {
            files.deleteFile(name);
          }
          return true;
        }
      }
    }
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      stream.forEach(files::add);
    }
    if (!files.stream()
        .allMatch(
            file ->
                Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    && OutputFolder.isWritten(file))) {
      return false;
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
    return true;
  }
}
