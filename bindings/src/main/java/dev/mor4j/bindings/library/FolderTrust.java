package dev.mor4j.bindings.library;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Whether nobody but this user, and the system's administrator, can put something in a folder or
 * put another folder in its place. On POSIX systems by owners and modes, all the way up; access
 * control lists beside them are not read. On Windows the folders of a user are the user's own by
 * default, and nothing is checked.
 */
final class FolderTrust {
  /** Others could put code into a folder. */
  static final class UntrustedFolderException extends IOException {
    private static final long serialVersionUID = 1L;

    UntrustedFolderException(String message) {
      super(message);
    }
  }

  private static final int STICKY = 01000;
  private static final int WRITABLE_BY_OTHERS = 0022;

  private final int user;

  private FolderTrust(int user) {
    this.user = user;
  }

  /** Checks for the user of this process. */
  static FolderTrust ofThisUser() throws IOException {
    return new FolderTrust(userOfThisProcess());
  }

  /**
   * Checks a folder and those above it.
   *
   * @param folder one without links in it, see {@link Path#toRealPath}
   * @throws UntrustedFolderException where others could put something there
   */
  void require(Path folder) throws IOException {
    Optional<String> problem = problem(folder);
    if (problem.isPresent()) {
      throw new UntrustedFolderException(problem.get());
    }
  }

  private Optional<String> problem(Path folder) throws IOException {
    if (!isPosix(folder)) {
      return Optional.empty();
    }
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.of(folder + " is not a folder");
    }
    Entry own = Entry.of(folder);
    if (own.user != user) {
      return Optional.of(
          folder + " belongs to user " + own.user + ", expected user " + user + ", who runs this");
    }
    if (own.isWritableByOthers()) {
      return Optional.of(own.describe(folder) + ", expected one that only its owner may write in");
    }
    for (Path above = folder.getParent(); above != null; above = above.getParent()) {
      Entry entry = Entry.of(above);
      if (entry.user != user && entry.user != 0) {
        return Optional.of(
            above
                + ", above "
                + folder
                + ", belongs to user "
                + entry.user
                + ", who could put another folder there");
      }
      if (entry.isWritableByOthers() && (entry.mode & STICKY) == 0) {
        return Optional.of(
            entry.describe(above) + ", and they could put another folder in place of " + folder);
      }
    }
    return Optional.empty();
  }

  /** Whether the file is this user's, and nobody else may write it. */
  boolean isOwn(Path file) throws IOException {
    if (!isPosix(file)) {
      return true;
    }
    Entry entry = Entry.of(file);
    return entry.user == user && !entry.isWritableByOthers();
  }

  /** Whether the file's file system has owners and modes. */
  static boolean isPosix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  private static int userOfThisProcess() throws IOException {
    Path self = Path.of("/proc/self");
    if (!isPosix(self)) {
      return -1;
    }
    if (Files.exists(self)) {
      return Entry.of(self.toRealPath()).user;
    }
    // macOS has no /proc: whose is what this process makes?
    Path file = Files.createTempFile("mor4j-", ".user");
    try {
      return Entry.of(file).user;
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private record Entry(int user, int mode) {
    static Entry of(Path path) throws IOException {
      Map<String, Object> attributes =
          Files.readAttributes(path, "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
      return new Entry((Integer) attributes.get("uid"), (Integer) attributes.get("mode"));
    }

    boolean isWritableByOthers() {
      return (mode & WRITABLE_BY_OTHERS) != 0;
    }

    String describe(Path path) {
      return path
          + " has mode "
          + Integer.toOctalString(mode & 07777)
          + " and may be written by other users";
    }
  }
}
