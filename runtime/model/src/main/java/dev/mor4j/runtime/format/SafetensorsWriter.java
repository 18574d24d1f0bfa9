package dev.mor4j.runtime.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file tensor by tensor, in any order; every tensor begins at a multiple of 64
 * bytes in the file, which the format itself does not ask for.
 *
 * <p>The format allows no holes. So tensors of whole 64-byte lines come first, in the order of the
 * plan, and between the others stand fillers named {@code __pad.0}, {@code __pad.1}, … of type U8.
 *
 * <p>Owns the file's channel. For one thread. Closing before {@link #finish()} leaves an incomplete
 * file behind.
 */
public final class SafetensorsWriter implements AutoCloseable {
  /** Every tensor begins at a multiple of this many bytes. */
  public static final int ALIGNMENT = 64;

  /** A tensor to write. */
  public record Entry(String name, DType dtype, List<Long> shape) {
    public Entry {
      shape = List.copyOf(shape);
    }

    /** Bytes of the tensor. */
    public long byteSize() {
      long size = dtype.byteSize();
      for (long dimension : shape) {
        size = Math.multiplyExact(size, dimension);
      }
      return size;
    }
  }

  private record Place(long offset, long byteSize) {}

  private final Path path;
  private final FileChannel channel;
  private final Map<String, Place> unwritten = new LinkedHashMap<>();
  private final long size;

  private SafetensorsWriter(Path path, List<Entry> plan, Map<String, String> metadata)
      throws IOException {
    this.path = path;
    List<Entry> order = order(plan);
    ByteBuffer header = header(order, metadata);
    long offset = header.remaining();
    for (Entry entry : order) {
      Place place = new Place(offset, entry.byteSize());
      offset = Math.addExact(offset, place.byteSize());
      // Fillers stay as the zeros of the new file.
      if (!entry.name().startsWith(SafetensorsFile.PADDING_PREFIX)
          && unwritten.put(entry.name(), place) != null) {
        throw new IllegalArgumentException("tensor " + entry.name() + " is planned twice");
      }
    }
    this.size = offset;
    this.channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      while (header.hasRemaining()) {
        channel.write(header);
      }
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /**
   * Creates {@code path}, which must not exist, and writes the header.
   *
   * @param plan the tensors, in the order of use
   * @param metadata texts for {@code __metadata__}; may be empty
   */
  public static SafetensorsWriter create(Path path, List<Entry> plan, Map<String, String> metadata)
      throws IOException {
    return new SafetensorsWriter(path, plan, metadata);
  }

  /** Bytes that the finished file has. */
  public long size() {
    return size;
  }

  /**
   * Writes the tensor {@code name}, once.
   *
   * @throws ModelFormatException where {@code bytes} produces more or fewer bytes than planned
   */
  public void write(String name, TensorBytes bytes) throws IOException {
    Place place = unwritten.remove(name);
    if (place == null) {
      throw new IllegalArgumentException(
          "tensor " + name + " is not planned, or is written already");
    }
    Sink sink = new Sink(name, place);
    bytes.writeTo(sink);
    if (sink.written != place.byteSize()) {
      throw sink.wrongSize(sink.written);
    }
  }

  /** Completes the file and forces it to the disk; every planned tensor has been written. */
  public void finish() throws IOException {
    if (!unwritten.isEmpty()) {
      throw new IllegalStateException("tensors not written: " + unwritten.keySet());
    }
    // A filler at the very end, or an empty model, would leave the file short.
    if (channel.size() < size) {
      channel.write(ByteBuffer.allocate(1), size - 1);
    }
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private static List<Entry> order(List<Entry> plan) {
    List<Entry> order = new ArrayList<>();
    List<Entry> ragged = new ArrayList<>();
    for (Entry entry : plan) {
      (entry.byteSize() % ALIGNMENT == 0 ? order : ragged).add(entry);
    }
    long over = 0;
    int fillers = 0;
    for (Entry entry : ragged) {
      if (over != 0) {
        order.add(
            new Entry(
                SafetensorsFile.PADDING_PREFIX + fillers++, DType.U8, List.of(ALIGNMENT - over)));
      }
      order.add(entry);
      over = entry.byteSize() % ALIGNMENT;
    }
    return order;
  }

  private static ByteBuffer header(List<Entry> order, Map<String, String> metadata)
      throws IOException {
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    json.write(new byte[8]);
    try (JsonGenerator generator = new JsonFactory().createGenerator(json)) {
      generator.writeStartObject();
      if (!metadata.isEmpty()) {
        generator.writeObjectFieldStart("__metadata__");
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          generator.writeStringField(entry.getKey(), entry.getValue());
        }
        generator.writeEndObject();
      }
      long offset = 0;
      for (Entry entry : order) {
        generator.writeObjectFieldStart(entry.name());
        generator.writeStringField("dtype", entry.dtype().name());
        long[] shape = entry.shape().stream().mapToLong(Long::longValue).toArray();
        generator.writeFieldName("shape");
        generator.writeArray(shape, 0, shape.length);
        long end = Math.addExact(offset, entry.byteSize());
        generator.writeFieldName("data_offsets");
        generator.writeArray(new long[] {offset, end}, 0, 2);
        generator.writeEndObject();
        offset = end;
      }
      generator.writeEndObject();
    }
    while (json.size() % ALIGNMENT != 0) {
      json.write(' ');
    }
    ByteBuffer header = ByteBuffer.wrap(json.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    return header.putLong(0, json.size() - 8L);
  }

  /** The range of the file that one tensor fills. */
  private final class Sink implements WritableByteChannel {
    private final String name;
    private final Place place;
    private long written;

    Sink(String name, Place place) {
      this.name = name;
      this.place = place;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      int length = source.remaining();
      if (length > place.byteSize() - written) {
        throw wrongSize(written + length);
      }
      while (source.hasRemaining()) {
        written += channel.write(source, place.offset() + written);
      }
      return length;
    }

    ModelFormatException wrongSize(long found) {
      return new ModelFormatException(
          path, "tensor " + name + " was given " + found + " bytes, expected " + place.byteSize());
    }

    @Override
    public boolean isOpen() {
      return channel.isOpen();
    }

    @Override
    public void close() {}
  }
}
