package dev.mor4j.runtime;

import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.forward.BufferPool;
import java.util.concurrent.ExecutorService;

/**
 * What a {@link MorEngine} has to give back: its thread, its KV pages and activations, and its
 * place among the users of the model. A request that waits or runs keeps the engine reachable, so
 * nothing is scheduled when the cleaner comes.
 */
final class EngineResources implements Forgotten.Owned {
  private final ModelResources model;
  private final EngineThread thread;
  private final ExecutorService results;
  private final BufferPool buffers;
  private final KvPools pools;
  private final EngineMemory memory;
  private boolean closed;

  EngineResources(
      ModelResources model,
      EngineThread thread,
      ExecutorService results,
      BufferPool buffers,
      KvPools pools,
      EngineMemory memory) {
    this.model = model;
    this.thread = thread;
    this.results = results;
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
    closed = true;
    boolean interrupted = false;
    while (true) {
      try {
        thread.stop();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    results.close();
    buffers.close();
    pools.close();
    memory.release();
    model.leave();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String description() {
    return "A MorEngine of " + model.folder() + " with its thread and KV pages";
  }
}
