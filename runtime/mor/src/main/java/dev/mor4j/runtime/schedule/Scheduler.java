package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.cache.PrefixCache;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.engine.EngineStep;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.forward.ForwardPass;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.text.GrowingText;
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
  private final List<Sequence> running;
  private final KvPools pools;
  private final PrefixCache prefixes;
  private final KvBudget budget;
  private final Exits exits;
  private final TokensInBlock block;
  private final SchedulerCounters counters;
  private final SequenceEnds ends;

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
   * @param clock nanoseconds, of {@link Sequence}'s times too
   */
  public Scheduler(
      SchedulerSettings settings,
      ForwardPass forward,
      PassBuffers buffers,
      KvPools pools,
      int recursions,
      LongSupplier clock) {
    this.settings = settings;
    this.forward = forward;
    this.buffers = buffers;
    this.pools = pools;
    this.clock = clock;
    this.startNanos = clock.getAsLong();
    this.queue = new WaitingQueue(settings.ageingNanos());
    this.running = new ArrayList<>(settings.maxSequences());
    this.prefixes = new PrefixCache(forward.kvPlan(), pools);
    this.budget = new KvBudget(settings.kvBytes(), forward.kvPlan(), pools, prefixes);
    this.padding = new int[settings.stepTokens()];
    if (settings.exits().padded()) {
      // Rows that are computed for nothing have the gate 0, whatever was decided of them.
      buffers.decideHere();
    }
    this.counters = new SchedulerCounters(recursions);
    this.exits = new Exits(forward, buffers, settings.exits(), counters);
    this.block =
        new TokensInBlock(forward, buffers, recursions, settings.stepTokens(), this::through);
    this.ends = new SequenceEnds(queue, running, block, exits, counters, this::store);
  }

  /**
   * Bytes of pages that a sequence of {@code tokens} tokens takes at most; if they exceed the
   * budget, it could not run even alone. Any thread.
   */
  public long worstCaseBytes(int tokens, RoutingSettings settings) {
    return pools.worstCaseBytes(forward.kvPlan(), tokens, settings.maxRecursions());
  }

  /**
   * Takes a sequence in whose {@link Sequence#mostTokens} fit the budget. Where this throws, the
   * sequence is not taken in, and its listener is told nothing.
   */
  public void submit(Sequence sequence) {
    sequence.number = nextNumber++;
    queue.add(sequence);
    earliestDeadline = Math.min(earliestDeadline, sequence.deadlineNanos);
  }

  /** Ends a sequence, wherever it is; nothing where it has ended. */
  public void cancel(Sequence sequence) {
    ends.end(sequence, FinishReason.CANCELLED);
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
        EngineStep.builder()
            .number(counters.passes++)
            .startNanos(begin - startNanos)
            .nanos(clock.getAsLong() - begin)
            .blockNanos(pass.blockNanos())
            .rowsAtRecursion(pass.rowsAtRecursion())
            .promptRows(pass.promptRows())
            .entered(entered)
            .exited(left)
            .waiting(exits.rows())
            .running(running.size())
            .queued(queue.size())
            .build();
    counters.passRows += step.rows();
    counters.step(step);
    FlightRecorder.tell(() -> StepEvent.commit(step));
  }

  private void endLate(long now) {
    if (now < earliestDeadline) {
      return;
    }
    for (Sequence sequence : queue.select(waiting -> waiting.deadlineNanos <= now)) {
      ends.end(sequence, FinishReason.DEADLINE);
    }
    for (Sequence sequence : List.copyOf(running)) {
      if (sequence.deadlineNanos <= now) {
        ends.end(sequence, FinishReason.DEADLINE);
      }
    }
    // Only now: a step that fails before has not forgotten whose time is over.
    long earliest = Long.MAX_VALUE;
    for (Sequence sequence : queue.select(waiting -> true)) {
      earliest = Math.min(earliest, sequence.deadlineNanos);
    }
    for (Sequence sequence : running) {
      earliest = Math.min(earliest, sequence.deadlineNanos);
    }
    earliestDeadline = earliest;
  }

  /**
   * Lets sequences begin, in the order of the queue. A sequence may begin when the budget has room
   * for all its known tokens and those of the running sequences, and for one more page in each
   * cache of every running sequence. If the first in the queue finds no room, the others wait
   * behind it; otherwise small sequences could pass a large one forever.
   */
  private void admit(long now) {
    while (running.size() < settings.maxSequences() && queue.size() > 0) {
      Sequence sequence = queue.first(now);
      try {
        if (!begin(sequence)) {
          return;
        }
      } catch (RuntimeException | Error e) {
        // It alone was touched, and the others need not wait for it.
        ends.fail(sequence, e);
      }
    }
  }

  /** Lets a sequence begin that waits; whether there was room. */
  private boolean begin(Sequence sequence) {
    sequence.caches = new SequenceCaches(forward.kvPlan(), pools);
    if (settings.prefixCache()) {
      adoptPrefix(sequence);
    }
    if (!budget.admits(sequence, running) && !(running.isEmpty() && hasRoomAlone(sequence))) {
      forget(sequence);
      return false;
    }
    int cached = sequence.computed();
    running.add(sequence);
    queue.remove(sequence);
    sequence.state = Sequence.State.READY;
    counters.promptTokens += cached;
    counters.cachedPromptTokens += cached;
    if (!sequence.started) {
      sequence.started = true;
      sequence.listener.started(cached);
    }
    return true;
  }

  private void adoptPrefix(Sequence sequence) {
    GrowingText text = sequence.text;
    text.restart(
        prefixes.adopt(
            sequence.settings, text.ids(), text.length() - 1, sequence.caches, text.depths()));
  }

  /**
   * The pages of a prefix that others began may cost one more in each cache, for the copy of the
   * last; a sequence that fits just so has to do without.
   */
  private boolean hasRoomAlone(Sequence sequence) {
    sequence.caches.close();
    sequence.text.restart(0);
    return budget.admits(sequence, running);
  }

  private static void forget(Sequence sequence) {
    sequence.caches.close();
    sequence.caches = null;
    sequence.text.restart(0);
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
    // First what may fail: it runs until it waits.
    queue.add(sequence);
    running.remove(sequence);
    ends.takeOut(sequence);
    sequence.state = Sequence.State.WAITING;
    sequence.preemptions++;
    counters.preemptions++;
    forget(sequence);
    FlightRecorder.tell(() -> PreemptionEvent.commit(sequence, budget));
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
        sequence.text.depths()[sequence.computed() + i] = buffers.tokens().depth(sequence.rows[i]);
      }
      sequence.text.advance(sequence.rowCount);
      counters.promptTokens +=
          sequence.rowCount > 1 || sequence.generated == 0 ? sequence.rowCount : 0;
      block.takeOut(sequence);
      sequence.state = Sequence.State.READY;
      if (!sequence.prefixStored && sequence.computed() >= sequence.promptLength) {
        sequence.prefixStored = true;
        store(sequence);
      }
    }
    exits.giveTokens(ends::end, ends::fail);
  }

  private void store(Sequence sequence) {
    if (settings.prefixCache()) {
      prefixes.store(
          sequence.settings,
          sequence.text.ids(),
          sequence.computed(),
          sequence.text.depths(),
          sequence.caches);
    }
  }

  /**
   * Ends all that run by an error of a step, which may have left their caches half written; those
   * that wait are not touched. Where none runs, one of those that wait fails. Allocates nothing.
   *
   * @throws RuntimeException or an error, the first by which ending itself has failed; then nothing
   *     is known of what this scheduler holds, and {@link #failAll} is what is left to do
   */
  public void failRunning(Throwable cause) {
    ends.failRunning(cause);
  }

  /** Ends all that wait or run by an error; throws as {@link #failRunning}. Allocates nothing. */
  public void failAll(Throwable cause) {
    ends.failAll(cause);
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
    ends.cancelAll();
  }

  /** Ends all that wait or run, and drops the prefix cache. May be called again. */
  @Override
  public void close() {
    try {
      cancelAll();
    } finally {
      prefixes.close();
    }
  }

  /** For checks of what has to hold between steps. */
  List<Sequence> running() {
    return running;
  }

  TokensInBlock block() {
    return block;
  }

  Exits exits() {
    return exits;
  }

  PrefixCache prefixes() {
    return prefixes;
  }
}
