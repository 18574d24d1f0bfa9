package dev.mor4j.converter.source;

import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * A tensor of a checkpoint, still in its file.
 *
 * @param file where it is
 * @param name in the file
 * @param shape sizes
 * @param strides elements from one index to the next, for each size
 * @param storage what the tensor is a view of; borrowed from {@link SourceWeights}
 * @param offset of the first element in the storage, in elements
 */
public record SourceTensor(
    Path file,
    String name,
    DType dtype,
    List<Long> shape,
    List<Long> strides,
    MemorySegment storage,
    long offset) {
  private static final int CHUNK_BYTES = 1 << 20;

  /** Where a tensor lies; two tensors at one place have the same values. */
  public record Place(long address, DType dtype, List<Long> shape, List<Long> strides) {}

  /** Number of elements. */
  public long elements() {
    long elements = 1;
    for (long size : shape) {
      elements = Math.multiplyExact(elements, size);
    }
    return elements;
  }

  /** Bytes of the values, without gaps. */
  public long byteSize() {
    return Math.multiplyExact(elements(), (long) dtype.byteSize());
  }

  /** Bytes of the values of all {@code tensors}. */
  public static long bytes(Collection<SourceTensor> tensors) {
    return tensors.stream().mapToLong(SourceTensor::byteSize).sum();
  }

  /** The place of the values. */
  public Place place() {
    return new Place(storage.address() + offset * dtype.byteSize(), dtype, shape, strides);
  }

  /**
   * Writes the values in row-major order, at most {@code limit} bytes of them, in pieces of at most
   * 1 MiB.
   *
   * @throws InterruptedIOException where the thread is interrupted
   * @throws ModelFormatException where the file changed under the mapping
   */
  public void writeTo(WritableByteChannel sink, long limit) throws IOException {
    try {
      if (isContiguous()) {
        long end = Math.min(limit, byteSize());
        long start = offset * dtype.byteSize();
        for (long done = 0; done < end; done += CHUNK_BYTES) {
          checkInterrupt();
          long length = Math.min(CHUNK_BYTES, end - done);
          sink.write(storage.asSlice(start + done, length).asByteBuffer());
        }
      } else {
        gather(sink, limit);
      }
    } catch (InternalError e) {
      // What a mapped read past the new end of a shortened file is.
      throw new ModelFormatException(
          file, "tensor " + name + ": the file changed while it was read", e);
    }
  }

  private boolean isContiguous() {
    if (shape.contains(0L)) {
      return true;
    }
    long expected = 1;
    for (int i = shape.size() - 1; i >= 0; i--) {
      if (shape.get(i) != 1 && strides.get(i) != expected) {
        return false;
      }
      expected *= shape.get(i);
    }
    return true;
  }

  private void gather(WritableByteChannel sink, long limit) throws IOException {
    int size = dtype.byteSize();
    long end = Math.min(limit, byteSize()) / size;
    long[] index = new long[shape.size()];
    byte[] piece = new byte[(int) Math.min(CHUNK_BYTES, end * size)];
    MemorySegment buffer = MemorySegment.ofArray(piece);
    int filled = 0;
    long at = offset;
    for (long element = 0; element < end; element++) {
      MemorySegment.copy(storage, at * size, buffer, filled, size);
      filled += size;
      if (filled == piece.length || element == end - 1) {
        checkInterrupt();
        sink.write(ByteBuffer.wrap(piece, 0, filled));
        filled = 0;
      }
      for (int i = index.length - 1; i >= 0; i--) {
        at += strides.get(i);
        if (++index[i] < shape.get(i)) {
          break;
        }
        at -= strides.get(i) * shape.get(i);
        index[i] = 0;
      }
    }
  }

  private static void checkInterrupt() throws InterruptedIOException {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("the conversion was interrupted");
    }
  }
}
