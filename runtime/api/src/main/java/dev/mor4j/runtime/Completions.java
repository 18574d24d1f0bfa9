package dev.mor4j.runtime;

/**
 * Gives the requests of an engine that have ended their results, each on a virtual thread of its
 * own: what hangs on a result may do anything, close the engine for one. Where no thread can be
 * started, because memory is short, the request is kept until one can. Any thread.
 */
final class Completions {
  /** Requests kept, each with the next one. Guarded by this, as what follows. */
  private RunningRequest kept;

  /** Requests whose results are not made yet. */
  private int unmade;

  /** Takes a request that has ended. Never throws. */
  void add(RunningRequest request) {
    synchronized (this) {
      unmade++;
    }
    if (!start(request)) {
      keep(request);
    }
  }

  private static boolean start(RunningRequest request) {
    try {
      Thread.startVirtualThread(request::deliver);
      return true;
    } catch (RuntimeException | Error e) {
      return false;
    }
  }

  /** Whether requests wait for {@link #retry}. */
  synchronized boolean isKeeping() {
    return kept != null;
  }

  /** Tries again for those that were kept. */
  void retry() {
    RunningRequest request = take();
    while (request != null && start(request)) {
      request = take();
    }
    if (request != null) {
      keep(request);
    }
  }

  /** Gives those that are kept their results on this thread; when nothing else is left to do. */
  void finish() {
    for (RunningRequest request = take(); request != null; request = take()) {
      request.deliver();
    }
  }

  private synchronized RunningRequest take() {
    RunningRequest request = kept;
    if (request != null) {
      kept = request.nextKept;
      request.nextKept = null;
    }
    return request;
  }

  private synchronized void keep(RunningRequest request) {
    request.nextKept = kept;
    kept = request;
  }

  /** A result was made; who waits for it is told next. */
  synchronized void made() {
    unmade--;
    notifyAll();
  }

  /** Waits until the results of all that have ended are made. */
  synchronized void awaitMade() throws InterruptedException {
    while (unmade > 0) {
      wait();
    }
  }
}
