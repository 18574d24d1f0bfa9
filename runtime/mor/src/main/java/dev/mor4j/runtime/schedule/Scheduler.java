package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.cache.PrefixCache;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.device.DeviceOutOfMemoryException;
import dev.mor4j.runtime.engine.EngineStep;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.forward.ForwardPass;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.routing.RoutingSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Takes many sequences through one model by continuous depth-wise batching (section 3.3 of arXiv
 * 2507.10524). A {@link #step()}: those whose time is over end; those that wait begin, as far as
 * slots and pages go; tokens that are due enter; one pass of the block for all tokens that are in
 * it, each in its recursion; those that are through leave together, through last layers, head and
 * sampling, and their next tokens are due.
 *
 * <p>What a sequence computes never depends on what is scheduled beside it, so any order of these
 * things gives the same texts. Knows no threads and no time but its clock's: one thread at a time.
 */
public final class Scheduler implements AutoCloseable {
  private final SchedulerSettings settings;
  private final ForwardPass forward;
  private final PassBuffers buffers;
  private final LongSupplier clock;
  private final long startNanos;

  private final WaitingQueue queue;
  private final List<Sequence> running = new ArrayList<>();
  private final KvPools pools;
  private final PrefixCache prefixes;
  private final KvBudget budget;
  private final Exits exits;
  private final Block block;
  private final SchedulerCounters counters;

  /** Rows that a pass takes along for nothing. */
  private final int[] padding;

  private long nextNumber;
  private long earliestDeadline = Long.MAX_VALUE;

  /** Tokens that entered and left in the step at hand. */
  private int entered;

  private int left;

  /**
   * @param buffers with a pass of at least {@code settings.stepTokens()} rows; borrowed
   * @param pools for the caches of this scheduler's sequences alone; borrowed
   * @param recursions N
   * @param endIds tokens that end a text
   * @param clock nanoseconds, of {@link Sequence}'s times too
   */
  public Scheduler(
      SchedulerSettings settings,
      ForwardPass forward,
      PassBuffers buffers,
      KvPools pools,
      int recursions,
      int[] endIds,
      LongSupplier clock) {
    this.settings = settings;
    this.forward = forward;
    this.buffers = buffers;
    this.pools = pools;
    this.clock = clock;
    this.startNanos = clock.getAsLong();
    this.queue = new WaitingQueue(settings.ageingNanos());
    this.prefixes = new PrefixCache(forward.kvPlan(), pools);
    this.budget = new KvBudget(settings.kvBytes(), forward.kvPlan(), pools, prefixes);
    this.padding = new int[settings.stepTokens()];
    if (settings.exits().padded()) {
      // Rows that are computed for nothing have the gate 0, whatever was decided of them.
      buffers.decideHere();
    }
    this.counters = new SchedulerCounters(recursions);
    this.exits = new Exits(forward, buffers, settings.exits(), endIds, counters);
    this.block = new Block(forward, buffers, recursions, settings.stepTokens(), this::through);
  }

  /**
   * Bytes of pages that a sequence of {@code tokens} tokens takes at most; if they exceed the
   * budget, it could not run even alone. Any thread.
   */
  public long worstCaseBytes(int tokens, RoutingSettings settings) {
    return pools.worstCaseBytes(forward.kvPlan(), tokens, settings.maxRecursions());
  }

  /** Takes a sequence in whose {@link Sequence#mostTokens} fit the budget. */
  public void submit(Sequence sequence) {
    sequence.number = nextNumber++;
    queue.add(sequence);
    earliestDeadline = Math.min(earliestDeadline, sequence.deadlineNanos);
  }

  /** Ends a sequence, wherever it is; nothing where it has ended. */
  public void cancel(Sequence sequence) {
    end(sequence, FinishReason.CANCELLED);
  }

  /** Whether anything waits or runs. */
  public boolean isIdle() {
    return queue.size() == 0 && running.isEmpty();
  }

  /** Does the next thing; see above. Nothing where it is idle. */
  public void step() {
    long now = clock.getAsLong();
    entered = 0;
    left = 0;
    endLate(now);
    admit(now);
    enter(now);
    Pass pass = block.isEmpty() ? null : pass();
    if (exits.due(block.isEmpty(), running.size())) {
      leave();
    }
    if (pass != null) {
      note(pass, now);
    }
  }

  /** What there is to tell of a pass. */
  private record Pass(List<Integer> rowsAtRecursion, int promptRows, long blockNanos) {}

  private void note(Pass pass, long begin) {
    EngineStep step =
        new EngineStep(
            counters.passes++,
            begin - startNanos,
            clock.getAsLong() - begin,
            pass.blockNanos(),
            pass.rowsAtRecursion(),
            pass.promptRows(),
            entered,
            left,
            exits.rows(),
            running.size(),
            queue.size());
    counters.passRows += step.rows();
    counters.step(step);
    StepEvent.commit(step);
  }

  private void endLate(long now) {
    if (now < earliestDeadline) {
      return;
    }
    earliestDeadline = Long.MAX_VALUE;
    for (Sequence sequence : queue.select(waiting -> waiting.deadlineNanos <= now)) {
      end(sequence, FinishReason.DEADLINE);
    }
    for (Sequence sequence : List.copyOf(running)) {
      if (sequence.deadlineNanos <= now) {
        end(sequence, FinishReason.DEADLINE);
      }
    }
    queue.select(waiting -> true).forEach(this::noteDeadline);
    running.forEach(this::noteDeadline);
  }

  private void noteDeadline(Sequence sequence) {
    earliestDeadline = Math.min(earliestDeadline, sequence.deadlineNanos);
  }

  /**
   * Lets sequences begin, in the order of the queue, while there is room for all tokens that they
   * and those that run know, and for every one that runs to go on for a page in each cache. Who is
   * first and finds no room keeps those behind it waiting, so that it is not passed by for ever.
   */
  private void admit(long now) {
    while (running.size() < settings.maxSequences() && queue.size() > 0) {
      Sequence sequence = queue.first(now);
      sequence.caches = new SequenceCaches(forward.kvPlan(), pools);
      if (settings.prefixCache()) {
        adoptPrefix(sequence);
      }
      if (!budget.admits(sequence, running) && !(running.isEmpty() && hasRoomAlone(sequence))) {
        forget(sequence);
        return;
      }
      int cached = sequence.computed;
      queue.remove(sequence);
      running.add(sequence);
      sequence.state = Sequence.State.READY;
      counters.promptTokens += cached;
      counters.cachedPromptTokens += cached;
      if (!sequence.started) {
        sequence.started = true;
        sequence.listener.started(cached);
      }
    }
  }

  private void adoptPrefix(Sequence sequence) {
    int most = sequence.length - 1;
    sequence.computed =
        prefixes.adopt(sequence.settings, sequence.ids, most, sequence.caches, sequence.depths);
  }

  /**
   * The pages of a prefix that others began may cost one more in each cache, for the copy of the
   * last; a sequence that fits just so has to do without.
   */
  private boolean hasRoomAlone(Sequence sequence) {
    sequence.caches.close();
    sequence.computed = 0;
    return budget.admits(sequence, running);
  }

  private static void forget(Sequence sequence) {
    sequence.caches.close();
    sequence.caches = null;
    sequence.computed = 0;
  }

  /**
   * Lets tokens that are due enter: the next one of each text first, then prompts, as far as the
   * step's tokens go.
   */
  private void enter(long now) {
    if (settings.exits().together() && block.rows().anyTaken()) {
      return;
    }
    budget.count(running);
    for (Sequence sequence : List.copyOf(running)) {
      boolean wanted = sequence.state == Sequence.State.READY && sequence.due() == 1;
      if (wanted && block.rows().freeCount() > 0 && reserve(sequence, 1, now)) {
        block.put(sequence, 1);
      }
    }
    for (Sequence sequence : List.copyOf(running)) {
      if (sequence.state == Sequence.State.READY && sequence.due() > 1) {
        int tokens = Math.min(sequence.due(), promptRowsLeft());
        if (tokens > 0 && reserve(sequence, tokens, now)) {
          block.put(sequence, tokens);
        }
      }
    }
    entered = block.enter();
  }

  /** Rows that prompts may take beside those that they have; every text keeps one for itself. */
  private int promptRowsLeft() {
    int left = block.rows().capacity();
    for (Sequence sequence : running) {
      left -= sequence.due() > 1 ? sequence.rowCount : 1;
    }
    return left;
  }

  /** Promises the pages that {@code tokens} tokens take at most, if need be another's. */
  private boolean reserve(Sequence sequence, int tokens, long now) {
    while (!budget.promise(sequence, tokens)) {
      if (budget.fitsWithoutPromises(sequence, tokens)) {
        // What others were promised and will not use is enough.
        return false;
      }
      Sequence victim = lastToKeep(now);
      preempt(victim);
      budget.count(running);
      if (victim == sequence) {
        return false;
      }
    }
    return true;
  }

  /** Who gives its pages up first: the one that would come last if all of them waited. */
  private Sequence lastToKeep(long now) {
    Sequence last = null;
    for (Sequence sequence : running) {
      if (last == null || queue.isBefore(last, sequence, now)) {
        last = sequence;
      }
    }
    return last;
  }

  /** Puts a sequence back into the queue; its tokens are computed again later. */
  private void preempt(Sequence sequence) {
    takeOut(sequence);
    forget(sequence);
    sequence.state = Sequence.State.WAITING;
    sequence.preemptions++;
    counters.preemptions++;
    running.remove(sequence);
    queue.add(sequence);
    PreemptionEvent.commit(sequence, budget);
  }

  /** Takes the tokens of a sequence that are on their way out of wherever they are. */
  private void takeOut(Sequence sequence) {
    block.takeOut(sequence);
    exits.remove(sequence);
  }

  /** All tokens of the sequence that are on their way are through the block. */
  private void through(Sequence sequence) {
    sequence.state = Sequence.State.LEAVING;
    exits.add(sequence);
  }

  /** One pass of the block. */
  private Pass pass() {
    List<Integer> atRecursion = block.atRecursion();
    int promptRows = block.promptRows();
    int padded = settings.exits().padded() ? exits.copyTextRows(padding) : 0;
    long begin = clock.getAsLong();
    block.pass(padding, padded);
    long blockNanos = clock.getAsLong() - begin;
    exits.passed();
    return new Pass(atRecursion, promptRows, blockNanos);
  }

  /** Takes those that are through out of the model, and ends those whose text is complete. */
  private void leave() {
    List<Sequence> leaving = exits.take();
    left = exits.leave(leaving);
    for (Sequence sequence : leaving) {
      for (int i = 0; i < sequence.rowCount; i++) {
        sequence.depths[sequence.computed + i] = buffers.tokens().depth(sequence.rows[i]);
      }
      sequence.computed += sequence.rowCount;
      counters.promptTokens +=
          sequence.rowCount > 1 || sequence.generated == 0 ? sequence.rowCount : 0;
      block.takeOut(sequence);
      sequence.state = Sequence.State.READY;
      if (!sequence.prefixStored && sequence.computed >= sequence.promptLength) {
        sequence.prefixStored = true;
        store(sequence);
      }
    }
    exits.giveTokens(this::end, this::fail);
  }

  private void store(Sequence sequence) {
    if (settings.prefixCache()) {
      prefixes.store(
          sequence.settings, sequence.ids, sequence.computed, sequence.depths, sequence.caches);
    }
  }

  private void end(Sequence sequence, FinishReason reason) {
    if (sequence.state == Sequence.State.ENDED) {
      return;
    }
    if (sequence.caches == null) {
      queue.remove(sequence);
    } else {
      takeOut(sequence);
      running.remove(sequence);
      store(sequence);
    }
    counters.finished.merge(reason, 1L, Long::sum);
    sequence.state = Sequence.State.ENDED;
    sequence.listener.ended(reason);
    closeCaches(sequence);
  }

  private void fail(Sequence sequence, Throwable cause) {
    takeOut(sequence);
    running.remove(sequence);
    counters.failed++;
    counters.outOfMemory += cause instanceof DeviceOutOfMemoryException ? 1 : 0;
    sequence.state = Sequence.State.ENDED;
    sequence.listener.failed(cause);
    closeCaches(sequence);
  }

  private static void closeCaches(Sequence sequence) {
    if (sequence.caches != null) {
      sequence.caches.close();
      sequence.caches = null;
    }
  }

  /**
   * Ends all that run by an error of a step, which may have left their caches half written; those
   * that wait are not touched.
   */
  public void failRunning(Throwable cause) {
    block.forgetEntering();
    for (Sequence sequence : List.copyOf(running)) {
      fail(sequence, cause);
    }
  }

  /** What it does now. */
  public SchedulerState state() {
    return new SchedulerState(
        queue.size(),
        running.size(),
        block.atRecursion(),
        exits.rows(),
        budget.held(),
        budget.promised(running),
        budget.kept());
  }

  public SchedulerCounters counters() {
    return counters;
  }

  /** Ends all that wait or run. */
  public void cancelAll() {
    for (Sequence sequence : List.copyOf(running)) {
      end(sequence, FinishReason.CANCELLED);
    }
    for (Sequence sequence : queue.select(any -> true)) {
      end(sequence, FinishReason.CANCELLED);
    }
  }

  /** Ends all that wait or run, and drops the prefix cache. May be called again. */
  @Override
  public void close() {
    cancelAll();
    prefixes.close();
  }

  /** For checks of what has to hold between steps. */
  List<Sequence> running() {
    return running;
  }

  Block block() {
    return block;
  }

  Exits exits() {
    return exits;
  }

  PrefixCache prefixes() {
    return prefixes;
  }
}
