package dev.mor4j.runtime;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Off-heap bytes that mor4j holds in this JVM, by use, those in the memory of devices among them.
 * Every allocation and mapping is counted in and out by its owner, so after all models are closed
 * each figure is zero. Safe to read from any thread.
 */
public final class OffHeapMemory {
  /** What the bytes are for. */
  public enum Use {
    /** Weight files, mapped read-only; the operating system pages them in and out. */
    MAPPED_WEIGHTS,
    /**
     * Memory that pools hold for KV pages, of host or device, whether lent to a session or idle.
     */
    KV_POOL,
    /** KV pages lent to sessions; a part of {@link #KV_POOL}. */
    KV_PAGES_LENT,
    /** Activations and scratch memory of running calls, kept by their model for the next call. */
    WORKSPACE,
    /** Small structures that describe weights to the kernels. */
    DESCRIPTORS,
    /** Weights in the memory of a device. */
    DEVICE_WEIGHTS,
    /** Activations and scratch memory of calls in the memory of a device. */
    DEVICE_WORKSPACE,
    /** Host memory that a device reads and writes by itself. */
    PINNED,
    /** What measurements of the machine read; see {@link MachineProbe}. */
    MEASUREMENT
  }

  private static final Map<Use, AtomicLong> BYTES = counters();

  private OffHeapMemory() {}

  private static Map<Use, AtomicLong> counters() {
    Map<Use, AtomicLong> counters = new EnumMap<>(Use.class);
    for (Use use : Use.values()) {
      counters.put(use, new AtomicLong());
    }
    return Collections.unmodifiableMap(counters);
  }

  /** Bytes held for {@code use} at this moment. */
  public static long bytes(Use use) {
    return BYTES.get(use).get();
  }

  /** Bytes held in all; lent pages are counted once. */
  public static long totalBytes() {
    long total = 0;
    for (Use use : Use.values()) {
      if (use != Use.KV_PAGES_LENT) {
        total += bytes(use);
      }
    }
    return total;
  }

  /** Counts bytes in; called by their owner. */
  public static void added(Use use, long bytes) {
    BYTES.get(use).addAndGet(bytes);
  }

  /** Counts bytes out; called by their owner. */
  public static void removed(Use use, long bytes) {
    BYTES.get(use).addAndGet(-bytes);
  }
}
