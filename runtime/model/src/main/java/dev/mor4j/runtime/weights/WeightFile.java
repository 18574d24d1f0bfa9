package dev.mor4j.runtime.weights;

import dev.mor4j.runtime.format.ModelChangedException;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.WeightsPlacement;
import dev.mor4j.runtime.memory.CountedArena;
import dev.mor4j.runtime.memory.MemoryAccount;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The bytes of a weight file, mapped or copied, and whether they still are what was opened. Owns
 * them. Any thread.
 */
final class WeightFile implements AutoCloseable {
  /** How the names of file systems begin whose files come over a network or from a program. */
  private static final List<String> REMOTE =
      List.of(
          "nfs",
          "cifs",
          "smb",
          "fuse.",
          "9p",
          "afp",
          "afs",
          "ceph",
          "glusterfs",
          "gpfs",
          "lustre",
          "webdav",
          "virtiofs");

  private final Path file;

  /** Where it is behind links: a link that is led elsewhere changes nothing of what is open. */
  private final Path realFile;

  private final boolean copied;
  private final FileState opened;
  private final Arena arena;
  private final MemorySegment data;
  private final FaultGuard.Guarded guarded;
  private volatile ModelChangedException change;
  private volatile boolean closed;

  /**
   * @param opened its state before its header was read
   */
  private WeightFile(
      SafetensorsFile tensors, Path realFile, FileState opened, Arena arena, FaultGuard guard)
      throws IOException {
    this.file = tensors.path();
    this.realFile = realFile;
    this.opened = opened;
    this.arena = arena;
    this.copied = arena instanceof CountedArena;
    this.data = copied ? tensors.copy(arena) : tensors.map(arena);
    this.guarded = copied ? FaultGuard.Guarded.NOTHING : guard.guard(data);
    if (!copied) {
      MemoryAccount.MAPPED_WEIGHTS.added(data.byteSize());
    }
  }

  /** What a file is before anything of it was read. */
  record Source(Path realFile, FileState state) {
    static Source of(Path file) throws IOException {
      Path real = file.toRealPath();
      return new Source(real, FileState.of(real));
    }
  }

  /**
   * Maps or copies {@code tensors}.
   *
   * @param source taken before the header was read
   */
  @SuppressWarnings("MustBeClosedChecker") // owned by the returned object, closed with it
  static WeightFile open(
      SafetensorsFile tensors, Source source, WeightsPlacement placement, FaultGuard guard)
      throws IOException {
    boolean copies =
        switch (placement) {
          case MAPPED -> false;
          case COPIED -> true;
          case AUTO -> isRemote(Files.getFileStore(source.realFile()).type());
        };
    Arena arena = copies ? new CountedArena(MemoryAccount.COPIED_WEIGHTS) : Arena.ofShared();
    try {
      return new WeightFile(tensors, source.realFile(), source.state(), arena, guard);
    } catch (IOException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /** Whether files of file systems of this type come from elsewhere than a disk of this machine. */
  static boolean isRemote(String type) {
    String name = type.toLowerCase(Locale.ROOT);
    return REMOTE.stream().anyMatch(name::startsWith);
  }

  MemorySegment data() {
    return data;
  }

  /** Whether there was no fault and no change was found. Costs no system call. */
  boolean isIntact() {
    // Once it is closed, the place of its flag is another's.
    return change == null && (closed || !guarded.hasFaulted());
  }

  /** See {@link ModelWeights#requireIntact}. */
  void requireIntact() {
    if (!isIntact()) {
      throw changed();
    }
  }

  /** See {@link ModelWeights#requireUnchanged}. */
  void requireUnchanged() {
    requireIntact();
    if (!copied) {
      Optional<String> found;
      try {
        found = opened.changeTo(FileState.of(realFile));
      } catch (NoSuchFileException e) {
        found = Optional.of("the file was deleted or moved away while the model was open");
      } catch (IOException e) {
        // Nobody knows; the next request asks again.
        throw new ModelChangedException(
            file, "nobody can tell whether the file is what was opened: " + e, e);
      }
      if (found.isPresent()) {
        throw changed(found.get(), null);
      }
    }
  }

  /** The exception for what was found before, or for a fault. */
  private ModelChangedException changed() {
    ModelChangedException first = change;
    if (first == null) {
      return changed(fault(), null);
    }
    return new ModelChangedException(file, first.what(), first);
  }

  /** A read of the mapping has failed, by what the JVM says. */
  ModelChangedException faulted(InternalError e) {
    return isIntact() ? changed(fault(), e) : changed();
  }

  private String fault() {
    String what = "a part of the file could not be read: ";
    try {
      return what
          + opened
              .changeTo(FileState.of(realFile))
              .orElse(
                  "size and time are what they were, so it was cut and written again, or its disk"
                      + " or file system fails");
    } catch (IOException e) {
      return what + "it is not there any more (" + e + ")";
    }
  }

  private synchronized ModelChangedException changed(String what, Throwable cause) {
    if (change == null) {
      change = new ModelChangedException(file, what, cause);
      return change;
    }
    return changed();
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      guarded.close();
      arena.close();
      if (!copied) {
        MemoryAccount.MAPPED_WEIGHTS.removed(data.byteSize());
      }
    }
  }
}
