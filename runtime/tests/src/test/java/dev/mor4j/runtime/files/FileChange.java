package dev.mor4j.runtime.files;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;

/** What can happen to a weight file while a model is open. */
enum FileChange {
  /** Nothing is left. */
  EMPTIED {
    @Override
    void change(Path file, byte[] content) throws IOException {
      cut(file, 0);
    }
  },
  /** Whole pages are missing. */
  CUT_AT_PAGE {
    @Override
    void change(Path file, byte[] content) throws IOException {
      cut(file, PAGE);
    }
  },
  /** A page is there in part; the system fills the rest of it with zeros. */
  CUT_WITHIN_PAGE {
    @Override
    void change(Path file, byte[] content) throws IOException {
      cut(file, CUT_BYTES);
    }
  },
  /** As {@code cp} does it: emptied, then written from the beginning. */
  OVERWRITTEN {
    @Override
    void change(Path file, byte[] content) throws IOException {
      byte[] other = content.clone();
      for (int i = content.length / 2; i < content.length; i++) {
        other[i] = 0;
      }
      Files.write(file, other);
      makeYounger(file);
    }
  },
  /** By a rename; who has mapped the old one still has it. */
  REPLACED {
    @Override
    void change(Path file, byte[] content) throws IOException {
      Path other = file.resolveSibling("other");
      Files.write(other, content);
      Files.move(other, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }
  },
  /** Who has mapped it still has it. */
  DELETED {
    @Override
    void change(Path file, byte[] content) throws IOException {
      Files.delete(file);
    }
  },
  /** Same size, same inode: only its time says so. */
  WRITTEN_INTO {
    @Override
    void change(Path file, byte[] content) throws IOException {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.allocate(8), content.length - 8);
      }
      makeYounger(file);
    }
  };

  /** A multiple of every page size that Linux and macOS use. */
  private static final long PAGE = 65536;

  /** What the most modest cut leaves. */
  static final long CUT_BYTES = PAGE + 1001;

  abstract void change(Path file, byte[] content) throws IOException;

  /** Whether what is mapped has changed without a fault, so that other tokens may come. */
  boolean mayGiveOtherTokens() {
    return this == CUT_WITHIN_PAGE || this == OVERWRITTEN || this == WRITTEN_INTO;
  }

  /** Changes {@code file}, whose content is {@code content}. */
  void apply(Path file, byte[] content) {
    try {
      change(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void cut(Path file, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(bytes);
    }
  }

  /** The clock of a file system stands still for milliseconds; a test has no time for that. */
  private static void makeYounger(Path file) throws IOException {
    Files.setLastModifiedTime(
        file, FileTime.from(Files.getLastModifiedTime(file).toInstant().plusSeconds(1)));
  }
}
