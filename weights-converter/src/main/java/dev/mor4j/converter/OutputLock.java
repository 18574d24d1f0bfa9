package dev.mor4j.converter;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says that a partial output belongs to a live process: a file beside it that is locked while the
 * process works. The operating system drops the lock when the process ends, however it ends.
 *
 * <pre>
 *   .NAME.mor4j-partial-PROCESS-UUID         what is being written
 *   .NAME.mor4j-partial-PROCESS-UUID.old     what it replaces, between two renames
 *   .NAME.mor4j-partial-PROCESS-UUID.lock    the lock
 * </pre>
 *
 * <p>POSIX drops a lock when the process closes any channel of the file, so a process never opens
 * the lock files of its own outputs a second time: their names tell it which they are. Where a file
 * system offers no locks that other machines see, there is no lock file, and nobody removes the
 * partial output of another process.
 */
final class OutputLock {
  private static final String SUFFIX = ".lock";

  /** PROCESS in a name: a process id may come again, with another start. */
  private static final String PROCESS =
      ProcessHandle.current().pid()
          + "-"
          + ProcessHandle.current().info().startInstant().map(Instant::toEpochMilli).orElse(0L);

  private static final Pattern NAME =
      Pattern.compile(
          "\\.(.+)\\.mor4j-partial-(\\d+-\\d+)"
              + "-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  /** File systems whose locks other machines may not see. */
  private static final Set<String> REMOTE =
      Set.of(
          "9p",
          "afs",
          "beegfs",
          "ceph",
          "cifs",
          "glusterfs",
          "lustre",
          "nfs",
          "nfs4",
          "smb2",
          "smb3",
          "smbfs",
          "virtiofs");

  private static final int TRIES = 16;

  private final Path partial;
  private final Optional<FileChannel> channel;

  private OutputLock(Path partial, Optional<FileChannel> channel) {
    this.partial = partial;
    this.channel = channel;
  }

  /** A new name beside {@code destination}, locked where the file system offers locks. */
  static OutputLock take(Path destination) throws IOException {
    boolean lockable = isLocal(destination.getParent());
    for (int i = 0; i < TRIES; i++) {
      Path partial =
          destination.resolveSibling(
              "."
                  + destination.getFileName()
                  + ".mor4j-partial-"
                  + PROCESS
                  + "-"
                  + UUID.randomUUID());
      if (!lockable) {
        return new OutputLock(partial, Optional.empty());
      }
      FileChannel channel =
          FileChannel.open(
              lockFile(partial), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      try {
        // Another process that looks for abandoned outputs may have come between: it holds the lock
        // for a moment, or has removed the file.
        if (tryLock(channel) && Files.exists(lockFile(partial), LinkOption.NOFOLLOW_LINKS)) {
          return new OutputLock(partial, Optional.of(channel));
        }
        channel.close();
      } catch (IOException e) {
        // No locks here, whatever the file system's name promised.
        channel.close();
        Files.deleteIfExists(lockFile(partial));
        lockable = false;
      }
    }
    throw new IOException(
        destination.getParent() + ": could not lock a new file there in " + TRIES + " tries");
  }

  /** The lock of a partial output of a process that has ended; nothing where it may be alive. */
  static Optional<OutputLock> takeOver(Path partial) {
    Matcher name = NAME.matcher(partial.getFileName().toString());
    if (!name.matches() || name.group(2).equals(PROCESS) || !isLocal(partial.getParent())) {
      return Optional.empty();
    }
    FileChannel channel = null;
    try {
      channel =
          FileChannel.open(lockFile(partial), StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
      if (tryLock(channel)) {
        return Optional.of(new OutputLock(partial, Optional.of(channel)));
      }
      channel.close();
    } catch (IOException | UnsupportedOperationException e) {
      // Of another user, a link, gone meanwhile, or without locks: not ours to remove.
      closeQuietly(channel);
    }
    return Optional.empty();
  }

  /** The partial output that a lock file of this name belongs to. */
  static Optional<Path> partialOf(Path lockFile) {
    String name = lockFile.getFileName().toString();
    if (!name.endsWith(SUFFIX)) {
      return Optional.empty();
    }
    String partial = name.substring(0, name.length() - SUFFIX.length());
    return NAME.matcher(partial).matches()
        ? Optional.of(lockFile.resolveSibling(partial))
        : Optional.empty();
  }

  Path partial() {
    return partial;
  }

  /** Where the output that is being replaced is between two renames. */
  Path old() {
    return partial.resolveSibling(partial.getFileName() + ".old");
  }

  /** The destination, as the name tells it. */
  Path destination() {
    Matcher name = NAME.matcher(partial.getFileName().toString());
    if (!name.matches()) {
      throw new IllegalStateException(partial + " is not the name of a partial output");
    }
    return partial.resolveSibling(name.group(1));
  }

  /**
   * Gives the lock back.
   *
   * @param done whether nothing is left that the lock file stands for
   */
  void release(boolean done) {
    if (channel.isPresent() && channel.get().isOpen()) {
      try {
        if (done) {
          Files.deleteIfExists(lockFile(partial));
        }
      } catch (IOException e) {
        System.getLogger(OutputLock.class.getName())
            .log(System.Logger.Level.WARNING, "could not remove " + lockFile(partial), e);
      }
      closeQuietly(channel.get());
    }
  }

  private static Path lockFile(Path partial) {
    return partial.resolveSibling(partial.getFileName() + SUFFIX);
  }

  private static boolean tryLock(FileChannel channel) throws IOException {
    try {
      FileLock lock = channel.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private static boolean isLocal(Path folder) {
    try {
      String type = Files.getFileStore(folder).type().toLowerCase(Locale.ROOT);
      return !type.startsWith("fuse") && !REMOTE.contains(type);
    } catch (IOException e) {
      return false;
    }
  }

  private static void closeQuietly(FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        System.getLogger(OutputLock.class.getName())
            .log(System.Logger.Level.DEBUG, "could not close a lock file", e);
      }
    }
  }
}
