package dev.mor4j.bindings.cuda;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Something that a context owns until it is closed: frees itself once, at {@link #close()} or when
 * its context is closed, whichever comes first.
 */
public abstract class CudaResource implements AutoCloseable {
  private final CudaContext context;
  private final AtomicBoolean closed = new AtomicBoolean();

  protected CudaResource(CudaContext context) {
    this.context = context;
  }

  /** The context that this belongs to. */
  protected final CudaContext owner() {
    return context;
  }

  /** Whether neither this nor its context has been closed. */
  public final boolean isOpen() {
    return !closed.get();
  }

  @Override
  public final void close() {
    if (closed.compareAndSet(false, true)) {
      try {
        ending();
      } catch (RuntimeException e) {
        closed.set(false);
        throw e;
      }
      context.unregister(this);
      context.countClosing();
      if (context.makeCurrent()) {
        release();
      }
      released();
    }
  }

  /** Runs before anything is freed. Where it throws, the resource stays open. */
  protected void ending() {}

  /**
   * Frees what the resource owns, while its device is current. It must not throw: statuses go to
   * {@link CudaContext#note}.
   */
  protected abstract void release();

  /** Runs after everything has been freed. */
  protected void released() {}

  /** Fails unless this and its context can be used. The device is current after it. */
  protected final void use() {
    requireOpen();
    context.use();
  }

  /** Fails where this is closed. */
  protected final void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException("the " + what() + " is closed");
    }
  }

  /** What this is, for messages. */
  protected abstract String what();

  /** Fails where {@code other} belongs to another context. */
  protected final void requireSameContext(CudaResource other) {
    if (other.context != context) {
      throw new IllegalArgumentException(
          "a " + other.what() + " of another context than this " + what() + "'s");
    }
  }
}
