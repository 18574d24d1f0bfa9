package dev.mor4j.runtime.format;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The header of a safetensors file, read and checked; the data stays in the file until it is
 * mapped.
 *
 * <pre>
 *   0        8                8+n                         file size
 *   | n, u64 | header, n bytes | data, no holes, no overlap |
 *   header: {"__metadata__": {text: text}, name: {"dtype", "shape", "data_offsets": [begin, end]}, …}
 * </pre>
 */
public final class SafetensorsFile {
  /** Names of the fillers that {@link SafetensorsWriter} aligns tensors with begin like this. */
  public static final String PADDING_PREFIX = "__pad.";

  /** Of memory that the file is copied to. */
  private static final long ALIGNMENT = 64;

  /** Bytes that are read at a time. */
  private static final long PIECE_BYTES = 64L << 20;

  /**
   * A tensor of the file.
   *
   * @param shape sizes, row-major; empty for a scalar
   * @param offset of the first byte, from the start of the file
   */
  public record Tensor(String name, DType dtype, List<Long> shape, long offset, long byteSize) {
    public Tensor {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(dtype, "dtype");
      Objects.requireNonNull(shape, "shape");
      shape = List.copyOf(shape);
    }
  }

  private final Path path;
  private final long size;
  private final Map<String, Tensor> tensors;
  private final Map<String, String> metadata;

  private SafetensorsFile(Path path, long size, SafetensorsHeader header) {
    this.path = path;
    this.size = size;
    Map<String, Tensor> named = new LinkedHashMap<>();
    for (Tensor tensor : header.tensors()) {
      if (!tensor.name().startsWith(PADDING_PREFIX)) {
        named.put(tensor.name(), tensor);
      }
    }
    this.tensors = Collections.unmodifiableMap(named);
    this.metadata = Collections.unmodifiableMap(header.metadata());
  }

  /**
   * Reads and checks the header of {@code path}.
   *
   * @throws ModelFormatException where the file breaks the format in any way; a header that claims
   *     more than the file has costs no memory
   */
  public static SafetensorsFile open(Path path) throws IOException {
    Objects.requireNonNull(path, "path");
    if (Files.isDirectory(path)) {
      throw new ModelFormatException(path, "found a folder, expected a safetensors file");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return new SafetensorsFile(path, channel.size(), SafetensorsHeader.read(path, channel));
    }
  }

  /** The file. */
  public Path path() {
    return path;
  }

  /** Bytes of the file when it was opened. */
  public long size() {
    return size;
  }

  /** Every tensor but the fillers, in the order of their data. Unmodifiable. */
  public Map<String, Tensor> tensors() {
    return tensors;
  }

  /** The texts under {@code __metadata__}. Unmodifiable. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Maps the whole file read-only, so that {@link Tensor#offset()} is an index into the segment.
   * The arena owns the mapping; it decides which threads may read.
   */
  public MemorySegment map(Arena arena) throws IOException {
    Objects.requireNonNull(arena, "arena");
    try (FileChannel channel = channel()) {
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
    }
  }

  /**
   * Reads the whole file, so that {@link Tensor#offset()} is an index into the segment. The arena
   * owns the memory, which is aligned to 64 bytes.
   */
  public MemorySegment copy(Arena arena) throws IOException {
    Objects.requireNonNull(arena, "arena");
    try (FileChannel channel = channel()) {
      MemorySegment data = arena.allocate(size, ALIGNMENT);
      long done = 0;
      while (done < size) {
        long piece = Math.min(PIECE_BYTES, size - done);
        int count = channel.read(data.asSlice(done, piece).asByteBuffer());
        if (count < 0) {
          throw new ModelFormatException(
              path,
              "the file ends after "
                  + done
                  + " bytes, expected the "
                  + size
                  + " it had when opened");
        }
        done += count;
      }
      return data;
    }
  }

  /** The file again; the caller closes it. */
  private FileChannel channel() throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      long found = channel.size();
      if (found != size) {
        throw new ModelFormatException(
            path, "the file has " + found + " bytes, expected the " + size + " it had when opened");
      }
      return channel;
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }
}
