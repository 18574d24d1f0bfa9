package dev.mor4j.runtime;

import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.memory.MemoryLimit;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that an engine may take for KV pages, set aside while it is open. What all engines of
 * this process may take together, the weights, the activations, the Java heap at its largest and
 * the JVM beside it are held against what the machine and the control groups allow.
 */
final class EngineMemory {
  /** An engine takes no more unless it was asked to. */
  private static final long MOST_BY_DEFAULT = 1L << 30;

  /**
   * What a JVM that serves takes beside its heap: classes and compiled code (some 60 MiB when all
   * of the server has run), stacks, buffers of sockets, and what the collector keeps.
   */
  private static final long JVM_BYTES = 96L << 20;

  /** Budgets of the engines that are open, of those on the CPU. */
  private static final AtomicLong SET_ASIDE = new AtomicLong();

  private final long kvBytes;
  private final long setAside;
  private final AtomicBoolean released = new AtomicBoolean();

  private EngineMemory(long kvBytes, boolean onHost) {
    this.kvBytes = kvBytes;
    this.setAside = onHost ? kvBytes : 0;
    SET_ASIDE.addAndGet(setAside);
  }

  /**
   * Sets memory aside for an engine whose activations are allocated.
   *
   * @param pools of the engine
   * @throws IllegalArgumentException when one sequence has no room in the budget, or the budget
   *     none in this process; the message has the numbers
   */
  static EngineMemory of(MorModel model, EngineOptions options, KvPools pools) {
    long least = pools.worstCaseBytes(model.forward().kvPlan(), 1, model.config().recursions());
    boolean automatic = options.kvBytes() == 0;
    Options.require(
        automatic || options.kvBytes() >= least,
        "kvBytes",
        options.kvBytes(),
        "at least " + least + ": a page in each of the KV caches of one sequence");
    // A device keeps count of its own memory.
    boolean onHost = model.availableKvBytes() == Long.MAX_VALUE;
    Optional<MemoryLimit> limit = onHost ? MemoryLimit.ofThisProcess() : Optional.empty();
    if (limit.isEmpty()) {
      return new EngineMemory(
          automatic ? Math.max(least, MOST_BY_DEFAULT) : options.kvBytes(), onHost);
    }
    synchronized (EngineMemory.class) {
      Needs needs = Needs.of(model, options);
      long left = limit.get().bytes() - needs.total();
      long wanted =
          automatic ? Math.max(least, Math.min(MOST_BY_DEFAULT, left / 4 * 3)) : options.kvBytes();
      if (wanted > left) {
        throw new IllegalArgumentException(
            "no room for KV caches of "
                + wanted
                + " bytes (kvBytes): this process may have "
                + limit.get().bytes()
                + " bytes ("
                + limit.get().source()
                + "), and "
                + needs.describe()
                + (left > 0 ? "; " + left + " bytes are left" : "; nothing is left")
                + ". Lower kvBytes (--kv-budget) or the Java heap (-Xmx), or raise the limit; -D"
                + MemoryLimit.PROPERTY
                + "=none ends this check");
      }
      return new EngineMemory(wanted, true);
    }
  }

  /** What is taken beside the KV pages of an engine, in bytes. */
  private record Needs(long heap, long weights, long activations, long others) {
    static Needs of(MorModel model, EngineOptions options) {
      long states =
          2L * options.stepTokens() * model.config().architecture().hidden() * Float.BYTES;
      return new Needs(
          Runtime.getRuntime().maxMemory(),
          MemoryAccount.MAPPED_WEIGHTS.bytes(),
          MemoryAccount.WORKSPACE.bytes() + MemoryAccount.DESCRIPTORS.bytes() + states,
          SET_ASIDE.get());
    }

    long total() {
      return heap + JVM_BYTES + weights + activations + others;
    }

    String describe() {
      return "the Java heap takes up to "
          + heap
          + ", the JVM beside it about "
          + JVM_BYTES
          + ", weights "
          + weights
          + ", activations "
          + activations
          + (others > 0 ? ", KV caches of other engines " + others : "");
    }
  }

  /** The budget. */
  long kvBytes() {
    return kvBytes;
  }

  /** Gives back what was set aside; nothing where that was done. */
  void release() {
    if (released.compareAndSet(false, true)) {
      SET_ASIDE.addAndGet(-setAside);
    }
  }
}
