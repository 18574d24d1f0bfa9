package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CublasLt;
import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.PinnedMemory;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The one stream of a model on a device, and what is used on it alone. All work of all sessions
 * goes through it in order, so a page that one has given back is safe for the next. Whoever
 * enqueues holds the lock; whoever waits for results does not. Owns stream and products; any
 * thread.
 */
final class DeviceQueue implements AutoCloseable {
  private final CudaContext context;
  private final CudaStream stream;
  private final CublasLt products;
  private final ReentrantLock lock = new ReentrantLock();

  DeviceQueue(CudaContext context) {
    this.context = context;
    this.stream = context.createStream();
    this.products = new CublasLt(context);
  }

  CudaContext context() {
    return context;
  }

  /** For who prepares what is shared, before anybody else uses the queue. */
  CudaStream stream() {
    return stream;
  }

  /** Matrix products; inside {@link #run} only. */
  CublasLt products() {
    return products;
  }

  /** Enqueues what {@code work} does, with nothing of other threads between it. */
  void run(Consumer<CudaStream> work) {
    lock.lock();
    long start = System.nanoTime();
    try {
      work.accept(stream);
    } catch (RuntimeException e) {
      throw DeviceFailure.of("computing", e);
    } finally {
      DeviceActivity.enqueued(System.nanoTime() - start);
      lock.unlock();
    }
  }

  /**
   * Frees memory that the device may still read or write. That waits for the stream, which must not
   * capture meanwhile.
   */
  void free(PinnedMemory memory) {
    lock.lock();
    try {
      memory.close();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    products.close();
    stream.close();
  }
}
