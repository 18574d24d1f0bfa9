package dev.mor4j.converter.gguf;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.TensorBytes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes a GGUF file, version 3, tensor by tensor in the order of its plan.
 *
 * <pre>
 *   | "GGUF" | 3, u32 | tensors, u64 | pairs, u64 | pairs: see {@link GgufMetadata} |
 *   | for each tensor: name, text | dimensions, u32 | size of each, u64, columns first | type, u32 | offset, u64 |
 *   | zeros to a multiple of 32 | data: each tensor, then zeros to a multiple of 32 |
 * </pre>
 *
 * Offsets count from where the data begin. Owns the file's channel. For one thread. Closing before
 * {@link #finish()} leaves an incomplete file behind.
 */
final class GgufWriter implements AutoCloseable {
  /** Every tensor begins at a multiple of this many bytes. */
  static final int ALIGNMENT = 32;

  private static final int VERSION = 3;

  /**
   * A tensor to write.
   *
   * @param shape sizes, row-major, as everywhere else in this project; the file has them reversed
   */
  record Entry(String name, GgufType type, List<Long> shape) {
    Entry {
      shape = List.copyOf(shape);
      if (!type.fits(shape.getLast())) {
        throw new IllegalArgumentException(
            "tensor " + name + " has " + shape.getLast() + " columns, not a multiple of a block");
      }
    }

    long byteSize() {
      return type.bytes(shape.stream().reduce(1L, Math::multiplyExact));
    }
  }

  private final Path path;
  private final List<Entry> plan;
  private final FileChannel channel;
  private final long size;
  private int written;

  private GgufWriter(Path path, GgufMetadata metadata, List<Entry> plan) throws IOException {
    this.path = path;
    this.plan = List.copyOf(plan);
    byte[] header = header(metadata, this.plan);
    this.size = header.length + dataBytes(this.plan);
    this.channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      append(ByteBuffer.wrap(header));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** Creates {@code path}, which must not exist, and writes all that stands before the data. */
  static GgufWriter create(Path path, GgufMetadata metadata, List<Entry> plan) throws IOException {
    return new GgufWriter(path, metadata, plan);
  }

  /** Bytes of all tensors with what aligns them. */
  static long dataBytes(List<Entry> plan) {
    return plan.stream().mapToLong(entry -> aligned(entry.byteSize())).reduce(0, Math::addExact);
  }

  /** Bytes that the finished file has. */
  long size() {
    return size;
  }

  /**
   * Writes the next tensor of the plan, which is {@code name}.
   *
   * @throws ModelFormatException where {@code bytes} produces more or fewer bytes than planned
   */
  void write(String name, TensorBytes bytes) throws IOException {
    Entry entry = written < plan.size() ? plan.get(written) : null;
    if (entry == null || !entry.name().equals(name)) {
      throw new IllegalArgumentException("tensor " + name + " is not next in the plan");
    }
    written++;
    long begin = channel.position();
    bytes.writeTo(new Sink(entry, begin + entry.byteSize()));
    long length = channel.position() - begin;
    if (length != entry.byteSize()) {
      throw wrongSize(entry, length);
    }
    append(ByteBuffer.allocate((int) (aligned(length) - length)));
  }

  /** Completes the file and forces it to the disk; every planned tensor has been written. */
  void finish() throws IOException {
    if (written < plan.size()) {
      throw new IllegalStateException("tensor not written: " + plan.get(written).name());
    }
    if (channel.position() != size) {
      throw new IllegalStateException(
          path + " has " + channel.position() + " bytes, expected " + size);
    }
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void append(ByteBuffer source) throws IOException {
    while (source.hasRemaining()) {
      channel.write(source);
    }
  }

  private ModelFormatException wrongSize(Entry entry, long found) {
    return new ModelFormatException(
        path,
        "tensor " + entry.name() + " was given " + found + " bytes, expected " + entry.byteSize());
  }

  private static long aligned(long bytes) {
    return Math.addExact(bytes, ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  private static byte[] header(GgufMetadata metadata, List<Entry> plan) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    GgufMetadata.writeInt(out, VERSION);
    GgufMetadata.writeLong(out, plan.size());
    GgufMetadata.writeLong(out, metadata.count());
    metadata.writeTo(out);
    Set<String> names = new HashSet<>();
    long offset = 0;
    for (Entry entry : plan) {
      if (!names.add(entry.name())) {
        throw new IllegalArgumentException("tensor " + entry.name() + " is planned twice");
      }
      GgufMetadata.writeText(out, entry.name());
      GgufMetadata.writeInt(out, entry.shape().size());
      entry.shape().reversed().forEach(dimension -> GgufMetadata.writeLong(out, dimension));
      GgufMetadata.writeInt(out, entry.type().tensorId());
      GgufMetadata.writeLong(out, offset);
      offset += aligned(entry.byteSize());
    }
    out.writeBytes(new byte[(int) (aligned(out.size()) - out.size())]);
    return out.toByteArray();
  }

  /** Appends, and no further than the tensor's end. */
  private final class Sink implements WritableByteChannel {
    private final Entry entry;
    private final long end;

    Sink(Entry entry, long end) {
      this.entry = entry;
      this.end = end;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      int length = source.remaining();
      long left = end - channel.position();
      if (length > left) {
        throw wrongSize(entry, entry.byteSize() - left + length);
      }
      append(source);
      return length;
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() {}
  }
}
