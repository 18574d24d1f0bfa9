package dev.mor4j.runtime.memory;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the off-heap bytes that are held for one use in this JVM. The owner of each allocation or
 * mapping counts it in when it is made and out when it is given back, so every account is zero once
 * all models are closed. Applications read the accounts through {@code OffHeapMemory}; only the
 * owners of memory write them. Any thread.
 */
public final class MemoryAccount {
  /** Weight files, mapped read-only. */
  public static final MemoryAccount MAPPED_WEIGHTS = new MemoryAccount();

  /** Weights that were read into memory. */
  public static final MemoryAccount COPIED_WEIGHTS = new MemoryAccount();

  /** Memory that pools hold for KV pages, of the host or of a device, lent or idle. */
  public static final MemoryAccount KV_POOL = new MemoryAccount();

  /** KV pages lent to sequences; a part of {@link #KV_POOL}. */
  public static final MemoryAccount KV_PAGES_LENT = new MemoryAccount();

  /** Activations and scratch memory of running calls. */
  public static final MemoryAccount WORKSPACE = new MemoryAccount();

  /** Structures that describe weights to the kernels. */
  public static final MemoryAccount DESCRIPTORS = new MemoryAccount();

  /** Weights in the memory of a device. */
  public static final MemoryAccount DEVICE_WEIGHTS = new MemoryAccount();

  /** Activations and scratch memory in the memory of a device. */
  public static final MemoryAccount DEVICE_WORKSPACE = new MemoryAccount();

  /** Host memory that a device reads and writes by itself. */
  public static final MemoryAccount PINNED = new MemoryAccount();

  /** What measurements of the machine read. */
  public static final MemoryAccount MEASUREMENT = new MemoryAccount();

  /** The accounts whose sum is what this JVM holds; lent pages are a part of the pool's. */
  private static final List<MemoryAccount> DISJOINT =
      List.of(
          MAPPED_WEIGHTS,
          COPIED_WEIGHTS,
          KV_POOL,
          WORKSPACE,
          DESCRIPTORS,
          DEVICE_WEIGHTS,
          DEVICE_WORKSPACE,
          PINNED,
          MEASUREMENT);

  private final AtomicLong bytes = new AtomicLong();

  private MemoryAccount() {}

  /** Bytes held at this moment. */
  public long bytes() {
    return bytes.get();
  }

  /** Bytes held in all accounts at this moment; lent pages are counted once. */
  public static long totalBytes() {
    return DISJOINT.stream().mapToLong(MemoryAccount::bytes).sum();
  }

  /** Counts {@code count} bytes in; called by their owner. */
  public void added(long count) {
    bytes.addAndGet(count);
  }

  /** Counts {@code count} bytes out; called by their owner. */
  public void removed(long count) {
    bytes.addAndGet(-count);
  }
}
