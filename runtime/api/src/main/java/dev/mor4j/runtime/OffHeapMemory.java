package dev.mor4j.runtime;

import dev.mor4j.runtime.memory.MemoryAccount;
import java.util.Objects;

/**
 * Off-heap bytes that mor4j holds in this JVM, by use, those in the memory of devices among them.
 * Every allocation and mapping is counted in and out by its owner, so after all models are closed
 * each figure is zero. Safe to read from any thread.
 */
public final class OffHeapMemory {
  /** What the bytes are for. */
  public enum Use {
    /** Weight files, mapped read-only; the operating system pages them in and out. */
    MAPPED_WEIGHTS(MemoryAccount.MAPPED_WEIGHTS),
    /** Weights that were read into memory; see {@link ModelOptions#withWeights}. */
    COPIED_WEIGHTS(MemoryAccount.COPIED_WEIGHTS),
    /**
     * Memory that pools hold for KV pages, of host or device, whether lent to a session or idle.
     */
    KV_POOL(MemoryAccount.KV_POOL),
    /** KV pages lent to sessions; a part of {@link #KV_POOL}. */
    KV_PAGES_LENT(MemoryAccount.KV_PAGES_LENT),
    /** Activations and scratch memory of running calls, kept by their model for the next call. */
    WORKSPACE(MemoryAccount.WORKSPACE),
    /** Small structures that describe weights to the kernels. */
    DESCRIPTORS(MemoryAccount.DESCRIPTORS),
    /** Weights in the memory of a device. */
    DEVICE_WEIGHTS(MemoryAccount.DEVICE_WEIGHTS),
    /** Activations and scratch memory of calls in the memory of a device. */
    DEVICE_WORKSPACE(MemoryAccount.DEVICE_WORKSPACE),
    /** Host memory that a device reads and writes by itself. */
    PINNED(MemoryAccount.PINNED),
    /** What measurements of the machine read; see {@link MachineProbe}. */
    MEASUREMENT(MemoryAccount.MEASUREMENT);

    @SuppressWarnings("ImmutableEnumChecker") // the account is what changes, not what it is for
    private final MemoryAccount account;

    Use(MemoryAccount account) {
      this.account = account;
    }
  }

  private OffHeapMemory() {}

  /** Bytes held for {@code use} at this moment. */
  public static long bytes(Use use) {
    Objects.requireNonNull(use, "use");
    return use.account.bytes();
  }

  /** Bytes held in all; lent pages are counted once. */
  public static long totalBytes() {
    return MemoryAccount.totalBytes();
  }
}
