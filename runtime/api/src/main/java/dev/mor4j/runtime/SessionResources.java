package dev.mor4j.runtime;

import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.forward.PassBuffers;

/**
 * What a {@link MorSession} has to give back: its KV pages, the buffers that an open stream has
 * borrowed, and its place among the users of the model. Used by the session, one thread at a time;
 * once that is forgotten by the cleaner alone.
 */
final class SessionResources implements Forgotten.Owned {
  private final ModelResources model;
  private final ModelResources.Use use;
  private final SequenceCaches caches;

  /** Null while no stream is open. */
  private PassBuffers lent;

  private boolean closed;

  SessionResources(ModelResources model, ModelResources.Use use, SequenceCaches caches) {
    this.model = model;
    this.use = use;
    this.caches = caches;
  }

  /** Borrows buffers for a stream. */
  synchronized PassBuffers takeBuffers() {
    lent = model.buffers().take();
    return lent;
  }

  /** Gives the buffers of a stream back. */
  synchronized void giveBuffersBack() {
    if (lent != null) {
      model.buffers().giveBack(lent);
      lent = null;
    }
  }

  @Override
  public synchronized boolean isOpen() {
    return !closed;
  }

  /** Gives everything back; nothing where that was done. */
  @Override
  public synchronized void giveBack() {
    if (!closed) {
      closed = true;
      try {
        giveBuffersBack();
      } finally {
        try {
          caches.close();
        } finally {
          use.leave();
        }
      }
    }
  }

  @Override
  public String description() {
    return "A MorSession of "
        + model.folder()
        + " with KV pages of "
        + caches.heldBytes()
        + " bytes";
  }
}
