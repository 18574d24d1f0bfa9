package dev.mor4j.runtime.memory;

import java.lang.foreign.MemorySegment;

/**
 * The memory that KV pages are made of: the host's, or a device's, which the JVM cannot read. Any
 * thread.
 */
public interface PageMemory {
  /** A piece of it. One owner, who closes it; it may do so again. */
  interface Slab extends AutoCloseable {
    /** Where it begins, for those who compute. */
    long address();

    long byteSize();

    /**
     * The slab as the JVM reads it.
     *
     * @throws IllegalStateException where the JVM cannot
     */
    MemorySegment segment();

    @Override
    void close();
  }

  /** Allocates a slab, aligned to 64 bytes; the caller owns it. */
  Slab allocate(long bytes);

  /**
   * Bytes that slabs could have now; {@link Long#MAX_VALUE} where nobody keeps count. Others may
   * take them first.
   */
  long availableBytes();

  /**
   * Copies {@code bytes} bytes from one slab of this memory into another, or the same one
   * elsewhere. Whatever computes later sees the copy.
   */
  void copy(Slab from, long fromOffset, Slab to, long toOffset, long bytes);
}
