package dev.mor4j.runtime;

import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.forward.BufferPool;

/**
 * What a {@link MorEngine} has to give back: its thread, its KV pages and activations, and its
 * place among the users of the model. A request that waits or runs keeps the engine reachable, so
 * nothing is scheduled when the cleaner comes.
 */
final class EngineResources implements Forgotten.Owned {
  private final ModelResources model;
  private final ModelResources.Use use;
  private final EngineThread thread;
  private final Completions completions;
  private final BufferPool buffers;
  private final KvPools pools;
  private final EngineMemory memory;
  private boolean closed;

  EngineResources(
      ModelResources model,
      ModelResources.Use use,
      EngineThread thread,
      Completions completions,
      BufferPool buffers,
      KvPools pools,
      EngineMemory memory) {
    this.model = model;
    this.use = use;
    this.thread = thread;
    this.completions = completions;
    this.buffers = buffers;
    this.pools = pools;
    this.memory = memory;
  }

  @Override
  public synchronized boolean isOpen() {
    return !closed;
  }

  /**
   * Ends the thread, after what it was asked for before, and frees the memory; nothing where that
   * was done. An interrupt does not shorten it, and is there afterwards.
   */
  @Override
  public synchronized void giveBack() {
    if (closed) {
      return;
    }
    boolean interrupted = false;
    try {
      // Where this throws the thread may still compute: nothing is freed, and it can be tried
      // again.
      while (!closed) {
        try {
          thread.stop();
          completions.awaitMade();
          closed = true;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      free();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Frees the memory and leaves the model, each whatever the others throw. */
  private void free() {
    try {
      buffers.close();
    } finally {
      try {
        if (thread.failure() == null) {
          pools.close();
        } else {
          // Who knows what was being done when it failed; its thread does nothing more.
          pools.revoke();
        }
      } finally {
        memory.release();
        use.leave();
      }
    }
  }

  @Override
  public String description() {
    return "A MorEngine of " + model.folder() + " with its thread and KV pages";
  }
}
