package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceRows;

/**
 * What the device decides about tokens on their way, and the list of those that go on:
 *
 * <pre>
 *   count int32 (16 bytes) | list int32 [C] | depths int32 [C] | gates float32 [C] | keep uint8 [C]
 * </pre>
 *
 * Owns the memory. One thread at a time.
 */
final class Decisions implements AutoCloseable {
  private static final int ALIGNMENT = 16;

  private final DeviceBuffer buffer;
  private long column;

  Decisions(CudaContext context) {
    this.buffer = new DeviceBuffer(context);
  }

  /**
   * Makes room for {@code rows} tokens.
   *
   * @return whether addresses have changed
   */
  boolean reserve(int rows) {
    long wanted = Math.ceilDiv((long) rows * Integer.BYTES, ALIGNMENT) * ALIGNMENT;
    if (wanted <= column) {
      return false;
    }
    // Zero until there is memory: where there is none, the next call asks again.
    column = 0;
    buffer.reserve(ALIGNMENT + 4 * wanted);
    column = wanted;
    return true;
  }

  /** The rows that go on. */
  DeviceRows active(int bucket) {
    return new DeviceRows(list(), count(), bucket);
  }

  long count() {
    return buffer.address();
  }

  long list() {
    return buffer.address() + ALIGNMENT;
  }

  long depths() {
    return list() + column;
  }

  long gates() {
    return depths() + column;
  }

  long keep() {
    return gates() + column;
  }

  /** Enqueues that no token has taken part in anything. */
  void clearDepths(CudaStream stream) {
    stream.fill(depths(), (byte) 0, column);
  }

  @Override
  public void close() {
    buffer.close();
  }
}
