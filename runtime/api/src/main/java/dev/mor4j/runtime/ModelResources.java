package dev.mor4j.runtime;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.forward.BufferPool;
import dev.mor4j.runtime.weights.ModelWeights;
import java.nio.file.Path;

/**
 * What a {@link MorModel} owns, and how many sessions, engines and calls use it. Knows the model's
 * users by their number alone, so that a forgotten model can be collected. Any thread.
 */
final class ModelResources implements Forgotten.Owned {
  private final Path folder;
  private final ModelWeights weights;
  private final Backend backend;
  private final KvPools pools;
  private final BufferPool buffers;

  private final Users users;

  ModelResources(
      Path folder, ModelWeights weights, Backend backend, KvPools pools, BufferPool buffers) {
    this.folder = folder;
    this.weights = weights;
    this.backend = backend;
    this.pools = pools;
    this.buffers = buffers;
    this.users = new Users("the model " + folder, this::free);
  }

  /** A session or an engine is opened, or a call begins. */
  void enter() {
    users.enter();
  }

  /** A session or an engine was closed, or a call has ended. */
  void leave() {
    users.leave();
  }

  /** As {@link #enter()}, for as long as what is returned has not left. */
  Use use() {
    Use use = new Use();
    enter();
    return use;
  }

  /** A place among the users of the model, to be left once. Any thread. */
  final class Use {
    private boolean left;

    /** Leaves it; nothing where that was done. */
    synchronized void leave() {
      if (!left) {
        left = true;
        ModelResources.this.leave();
      }
    }
  }

  Path folder() {
    return folder;
  }

  BufferPool buffers() {
    return buffers;
  }

  @Override
  public boolean isOpen() {
    return users.isOpen();
  }

  /**
   * Frees everything; nothing where that was done.
   *
   * @throws IllegalStateException while it is used
   */
  void close() {
    users.close();
  }

  @Override
  public void giveBack() {
    users.abandon();
  }

  private void free() {
    // Each of them, whatever one of them throws.
    try {
      buffers.close();
    } finally {
      try {
        pools.close();
      } finally {
        try {
          backend.close();
        } finally {
          weights.close();
        }
      }
    }
  }

  @Override
  public String description() {
    return "The MorModel of "
        + folder
        + " ("
        + weights.byteSize()
        + " bytes of weights, "
        + backend.description()
        + ")";
  }
}
