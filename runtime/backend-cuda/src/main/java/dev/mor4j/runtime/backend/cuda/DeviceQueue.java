package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.PinnedMemory;
import dev.mor4j.bindings.cuda.gemm.CublasLt;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The one stream of a model on a device, with the matrix products that may only be used on it. The
 * work of all sessions goes through it in order, so a page that one session has given back is safe
 * for the next. A thread holds the lock while it enqueues, and not while it waits for results. Owns
 * the stream and the products. Any thread.
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

  /** The stream, for preparing a model before any other thread uses the queue. */
  CudaStream stream() {
    return stream;
  }

  /** Matrix products, for use inside {@link #run} only. */
  CublasLt products() {
    return products;
  }

  /** Enqueues what {@code work} does, without anything of other threads in between. */
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
   * Frees memory that the device may still read or write. Doing so waits for the stream, which must
   * not be capturing then.
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
