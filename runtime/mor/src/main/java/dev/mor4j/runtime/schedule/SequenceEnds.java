package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.device.DeviceOutOfMemoryException;
import dev.mor4j.runtime.engine.FinishReason;
import java.util.List;
import java.util.function.Consumer;

/**
 * How sequences end, each exactly once, wherever they are and whatever is thrown meanwhile: their
 * pages go back and their listeners are told. Nothing here allocates, because memory may be what
 * was short. One thread at a time.
 */
final class SequenceEnds {
  private final WaitingQueue queue;
  private final List<Sequence> running;
  private final TokensInBlock block;
  private final Exits exits;
  private final SchedulerCounters counters;
  private final Consumer<Sequence> store;

  /**
   * @param store keeps the prefix of a sequence that has run
   */
  SequenceEnds(
      WaitingQueue queue,
      List<Sequence> running,
      TokensInBlock block,
      Exits exits,
      SchedulerCounters counters,
      Consumer<Sequence> store) {
    this.queue = queue;
    this.running = running;
    this.block = block;
    this.exits = exits;
    this.counters = counters;
    this.store = store;
  }

  /** Takes the tokens of a sequence that are on their way out of wherever they are. */
  void takeOut(Sequence sequence) {
    block.takeOut(sequence);
    exits.remove(sequence);
  }

  /**
   * Ends a sequence; nothing where it has ended. A listener that throws is told that its sequence
   * has failed by what it threw, which is nobody else's affair.
   */
  void end(Sequence sequence, FinishReason reason) {
    if (sequence.state == Sequence.State.ENDED) {
      return;
    }
    boolean ran = sequence.caches != null;
    detach(sequence);
    try {
      if (ran) {
        storeIfRoom(sequence);
      }
      sequence.listener.ended(reason);
      counters.finished(reason);
    } catch (RuntimeException | Error e) {
      countFailure(e);
      sequence.listener.failed(e);
    } finally {
      closeCaches(sequence);
    }
  }

  /** A prefix that is not kept is computed again by the next one that needs it: no failure. */
  private void storeIfRoom(Sequence sequence) {
    try {
      store.accept(sequence);
    } catch (OutOfMemoryError e) {
      // What was begun was given back.
    }
  }

  /** Ends a sequence by an error; nothing where it has ended. */
  void fail(Sequence sequence, Throwable cause) {
    if (sequence.state == Sequence.State.ENDED) {
      return;
    }
    detach(sequence);
    countFailure(cause);
    try {
      sequence.listener.failed(cause);
    } finally {
      closeCaches(sequence);
    }
  }

  private void countFailure(Throwable cause) {
    counters.failed++;
    counters.outOfMemory += cause instanceof DeviceOutOfMemoryException ? 1 : 0;
  }

  /** Takes a sequence out of everything, with an error in whatever state that left it. */
  private void detach(Sequence sequence) {
    takeOut(sequence);
    running.remove(sequence);
    queue.remove(sequence);
    sequence.state = Sequence.State.ENDED;
  }

  private static void closeCaches(Sequence sequence) {
    if (sequence.caches != null) {
      sequence.caches.close();
      sequence.caches = null;
    }
  }

  /**
   * Ends all that run by an error of a step, which may have left their caches half written; those
   * that wait are not touched. Where none runs, the next of those that wait fails: so a step that
   * always fails ends, and nobody waits for ever.
   *
   * @throws RuntimeException or an error, the first one by which ending itself has failed; all were
   *     ended then as far as that goes
   */
  void failRunning(Throwable cause) {
    block.forgetEntering();
    if (running.isEmpty() && queue.size() > 0) {
      fail(queue.any(), cause);
      return;
    }
    Throwable first = null;
    while (!running.isEmpty()) {
      first = failed(running.getFirst(), cause, first);
    }
    rethrow(first);
  }

  /** As {@link #failRunning}, and those that wait too. */
  void failAll(Throwable cause) {
    block.forgetEntering();
    Throwable first = null;
    while (!running.isEmpty()) {
      first = failed(running.getFirst(), cause, first);
    }
    while (queue.size() > 0) {
      first = failed(queue.any(), cause, first);
    }
    rethrow(first);
  }

  private Throwable failed(Sequence sequence, Throwable cause, Throwable first) {
    try {
      fail(sequence, cause);
      return first;
    } catch (RuntimeException | Error e) {
      return first == null ? e : first;
    }
  }

  /** Ends all that wait or run. */
  void cancelAll() {
    Throwable first = null;
    while (!running.isEmpty()) {
      first = cancelled(running.getFirst(), first);
    }
    while (queue.size() > 0) {
      first = cancelled(queue.any(), first);
    }
    rethrow(first);
  }

  private Throwable cancelled(Sequence sequence, Throwable first) {
    try {
      end(sequence, FinishReason.CANCELLED);
      return first;
    } catch (RuntimeException | Error e) {
      return first == null ? e : first;
    }
  }

  private static void rethrow(Throwable thrown) {
    switch (thrown) {
      case null -> {}
      case Error error -> throw error;
      case RuntimeException exception -> throw exception;
      default -> throw new IllegalStateException(thrown);
    }
  }
}
