package dev.mor4j.server;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Requests with large bodies: how many there may be at a time, and the threads that read them. To
 * parse and tokenize a megabyte takes a processor for milliseconds; done by the threads that carry
 * all requests, a few of those would hold up every other. Bodies up to {@link #SMALL_BYTES} are not
 * counted. Any thread.
 */
final class LargeRequests implements AutoCloseable {
  /** What a body may have without being large. Its parsing and tokenizing are not noticed. */
  static final int SMALL_BYTES = 16 << 10;

  /** The part of the heap for bodies that arrive or wait: one in so many bytes. */
  private static final int PART_OF_HEAP = 8;

  private static final int FEWEST = 4;
  private static final int MOST = 256;

  private final int most;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Object, Integer> places = new HashMap<>();
  private int taken;
  private final ThreadPoolExecutor threads;

  /**
   * @param most large requests at a time
   */
  LargeRequests(int most) {
    this.most = most;
    int count = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    threads =
        new ThreadPoolExecutor(
            count,
            count,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(most),
            Thread.ofPlatform().name("mor4j-http-large-", 0).daemon().factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /** As many as fit into their part of a heap, of bodies of up to so many bytes. */
  static int mostOf(long heapBytes, int bodyBytes) {
    return Math.clamp(heapBytes / PART_OF_HEAP / bodyBytes, FEWEST, MOST);
  }

  /**
   * Takes a place; to be given back by {@link #leave}. One address has half of them at most.
   *
   * @throws ApiException of status 503 when there is none
   */
  void enter(Object address) {
    lock.lock();
    try {
      int ofAddress = places.getOrDefault(address, 0);
      if (taken >= most || ofAddress >= Math.max(1, most / 2)) {
        throw busy();
      }
      taken++;
      places.put(address, ofAddress + 1);
    } finally {
      lock.unlock();
    }
  }

  /** Gives a place back. */
  void leave(Object address) {
    lock.lock();
    try {
      taken--;
      places.computeIfPresent(address, (key, n) -> n == 1 ? null : n - 1);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Runs {@code work} on a thread of its own kind and waits for it.
   *
   * @throws ApiException what {@code work} throws, or of status 503 when too many wait
   */
  <T> T call(Callable<T> work) throws InterruptedException {
    Future<T> result;
    try {
      result = threads.submit(work);
    } catch (RejectedExecutionException e) {
      throw threads.isShutdown() ? CompletionHandler.shuttingDown() : busy();
    }
    try {
      return result.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case RuntimeException known -> throw known;
        case Error error -> throw error;
        default -> throw new IllegalStateException(e.getCause());
      }
    } catch (CancellationException e) {
      throw CompletionHandler.shuttingDown();
    }
  }

  private static ApiException busy() {
    return ApiException.of(
        503, "busy", "too many requests with large bodies arrive at the moment; try again later");
  }

  /** Refuses what waits; what is being read goes on to its end. */
  @Override
  public void close() {
    threads.shutdown();
    for (Runnable waiting = threads.getQueue().poll();
        waiting != null;
        waiting = threads.getQueue().poll()) {
      ((Future<?>) waiting).cancel(false);
    }
  }
}
