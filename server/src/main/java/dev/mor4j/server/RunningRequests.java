package dev.mor4j.server;

import dev.mor4j.runtime.Generation;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** The requests that are being answered and what the engine generates for them. Any thread. */
final class RunningRequests {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ended = lock.newCondition();
  private final Set<Generation> generations = new HashSet<>();
  private int requests;
  private boolean draining;
  private boolean cancelled;

  /** A request begins to be answered. */
  void begin() {
    lock.lock();
    try {
      requests++;
    } finally {
      lock.unlock();
    }
  }

  /** A request has been answered. */
  void end() {
    lock.lock();
    try {
      requests--;
      ended.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The engine generates {@code more}. Too late to be cancelled with all, they are here. */
  void add(List<Generation> more) {
    boolean late;
    lock.lock();
    try {
      generations.addAll(more);
      late = cancelled;
    } finally {
      lock.unlock();
    }
    if (late) {
      more.forEach(Generation::cancel);
    }
  }

  /** {@code some} have ended or are to be cancelled by the caller. */
  void remove(List<Generation> some) {
    lock.lock();
    try {
      some.forEach(generations::remove);
    } finally {
      lock.unlock();
    }
  }

  /** From now on the server takes no generations in. */
  void startDraining() {
    lock.lock();
    try {
      draining = true;
    } finally {
      lock.unlock();
    }
  }

  boolean isDraining() {
    lock.lock();
    try {
      return draining;
    } finally {
      lock.unlock();
    }
  }

  /** Asks the engine to end all generations, also those that are still to come. */
  void cancelAll() {
    List<Generation> running;
    lock.lock();
    try {
      cancelled = true;
      running = List.copyOf(generations);
    } finally {
      lock.unlock();
    }
    running.forEach(Generation::cancel);
  }

  /** Waits until no request is being answered; whether that came within {@code limit}. */
  boolean awaitNone(Duration limit) throws InterruptedException {
    long left = limit.toNanos();
    lock.lock();
    try {
      while (requests > 0 && left > 0) {
        left = ended.awaitNanos(left);
      }
      return requests == 0;
    } finally {
      lock.unlock();
    }
  }
}
