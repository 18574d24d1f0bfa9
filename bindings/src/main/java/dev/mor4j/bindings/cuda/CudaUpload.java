package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.cuda.status.CudaOutOfMemoryException;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Copies host memory of any kind, a mapped file for example, to a device through two pinned
 * buffers: one is filled while the other is copied. Owns the buffers; borrows the stream. One
 * thread at a time. {@link #close()} may be called again.
 */
public final class CudaUpload implements AutoCloseable {
  private record Staging(PinnedMemory memory, CudaEvent copied) implements AutoCloseable {
    static Staging create(CudaContext context, long bytes) {
      PinnedMemory memory = context.allocatePinned(bytes);
      try {
        return new Staging(memory, context.createUntimedEvent());
      } catch (RuntimeException | Error e) {
        memory.close();
        throw e;
      }
    }

    @Override
    public void close() {
      memory.close();
      copied.close();
    }
  }

  private final CudaStream stream;
  private final long stagingBytes;
  private final List<Staging> staging;
  private int next;

  /**
   * @param stream what copies are enqueued on
   * @param stagingBytes bytes of each of the two buffers
   * @throws CudaOutOfMemoryException when the host cannot lock that many bytes
   */
  public CudaUpload(CudaStream stream, long stagingBytes) {
    this.stream = stream;
    this.stagingBytes = stagingBytes;
    Staging first = Staging.create(stream.context(), stagingBytes);
    try {
      this.staging = List.of(first, Staging.create(stream.context(), stagingBytes));
    } catch (RuntimeException | Error e) {
      first.close();
      throw e;
    }
  }

  /**
   * Copies all of {@code from}, which is free to change when this returns.
   *
   * @throws IndexOutOfBoundsException when it does not fit
   * @throws IllegalStateException when the stream is capturing
   */
  public void copy(MemorySegment from, DeviceMemory to, long toOffset) {
    Ranges.check("device memory", toOffset, from.byteSize(), to.byteSize());
    stream.requireNotCapturing("used for an upload");
    for (long done = 0; done < from.byteSize(); done += stagingBytes) {
      long bytes = Math.min(stagingBytes, from.byteSize() - done);
      Staging buffer = staging.get(next);
      next = 1 - next;
      buffer.copied().await();
      MemorySegment.copy(from, done, buffer.memory().segment(), 0, bytes);
      stream.copyToDevice(buffer.memory(), 0, to, toOffset + done, bytes);
      stream.record(buffer.copied());
    }
    stream.synchronize();
  }

  @Override
  public void close() {
    staging.forEach(Staging::close);
  }
}
