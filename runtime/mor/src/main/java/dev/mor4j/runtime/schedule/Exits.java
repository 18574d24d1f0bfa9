package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.forward.ForwardPass;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.forward.TokenChoices;
import dev.mor4j.runtime.text.GrowingText;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;

/**
 * Tokens that are through the block. Last layers and head read their weights once for all that
 * leave together, so a token waits for others: until enough are there, but not for longer than
 * {@link SchedulerSettings.ExitRule#maxWait()} passes. One thread at a time.
 */
final class Exits {
  private final ForwardPass forward;
  private final PassBuffers buffers;
  private final SchedulerSettings.ExitRule rule;
  private final SchedulerCounters counters;
  private List<Sequence> waiting = new ArrayList<>();
  private int[] leavingRows = {};
  private final TokenChoices choices = new TokenChoices();
  private final List<Sequence> wanting = new ArrayList<>();

  Exits(
      ForwardPass forward,
      PassBuffers buffers,
      SchedulerSettings.ExitRule rule,
      SchedulerCounters counters) {
    this.forward = forward;
    this.buffers = buffers;
    this.rule = rule;
    this.counters = counters;
  }

  /** Lets {@code tap} see the logits of a sequence, at an offset, before they are used. */
  void tapLogits(SequenceTap tap) {
    choices.tapLogits((index, logits, from) -> tap.accept(wanting.get(index), logits, from));
  }

  /** See {@link #tapLogits}; for checks. */
  @FunctionalInterface
  interface SequenceTap {
    void accept(Sequence sequence, float[] logits, int from);
  }

  void add(Sequence sequence) {
    sequence.waited = 0;
    waiting.add(sequence);
  }

  void remove(Sequence sequence) {
    waiting.remove(sequence);
  }

  /** Another pass has gone by. */
  void passed() {
    for (Sequence sequence : waiting) {
      sequence.waited++;
    }
  }

  /** Tokens that wait. */
  int rows() {
    int count = 0;
    for (Sequence sequence : waiting) {
      count += sequence.rowCount;
    }
    return count;
  }

  /** Copies the rows of texts, not of prompts, that wait; returns how many. */
  int copyTextRows(int[] to) {
    int count = 0;
    for (Sequence sequence : waiting) {
      if (sequence.rowCount == 1) {
        to[count++] = sequence.rows[0];
      }
    }
    return count;
  }

  List<Sequence> waiting() {
    return waiting;
  }

  /**
   * Whether those that wait are to leave now.
   *
   * @param blockIsEmpty nobody else can come
   * @param running sequences that run
   */
  boolean due(boolean blockIsEmpty, int running) {
    if (waiting.isEmpty() || blockIsEmpty) {
      return !waiting.isEmpty();
    }
    if (rule.together()) {
      return false;
    }
    // docs/performance.md, simulation: half is near the best for depths from shallow to deep.
    int enough = rule.minBatch() > 0 ? rule.minBatch() : Math.ceilDiv(running, 2);
    if (waiting.size() >= Math.min(enough, running)) {
      return true;
    }
    for (Sequence sequence : waiting) {
      if (sequence.waited > rule.maxWait()) {
        return true;
      }
    }
    return false;
  }

  /** Those that wait; they are the caller's then. */
  List<Sequence> take() {
    List<Sequence> taken = waiting;
    waiting = new ArrayList<>();
    return taken;
  }

  /**
   * Takes the tokens of {@code leaving} through the last layers, and chooses the next tokens of
   * those that know none.
   *
   * @return how many tokens
   */
  int leave(List<Sequence> leaving) {
    int count = 0;
    for (Sequence sequence : leaving) {
      count += sequence.rowCount;
    }
    if (leavingRows.length < count) {
      leavingRows = new int[Math.max(count, 2 * leavingRows.length)];
    }
    int at = 0;
    for (Sequence sequence : leaving) {
      System.arraycopy(sequence.rows, 0, leavingRows, at, sequence.rowCount);
      at += sequence.rowCount;
    }
    forward.leave(leavingRows, count, buffers);
    choices.clear();
    wanting.clear();
    for (Sequence sequence : leaving) {
      if (wantsToken(sequence)) {
        choices.add(sequence.rows[sequence.rowCount - 1], sequence.sampler, sequence.text.length());
        wanting.add(sequence);
      }
    }
    forward.choose(choices, buffers);
    return count;
  }

  /** Whether the tokens of a sequence that leave are the last that are known. */
  private static boolean wantsToken(Sequence sequence) {
    return sequence.rowCount == sequence.text.due();
  }

  /** Gives those that have just left by {@link #leave} the next tokens that were chosen there. */
  void giveTokens(BiConsumer<Sequence, FinishReason> end, BiConsumer<Sequence, Throwable> fail) {
    for (int i = 0; i < wanting.size(); i++) {
      Sequence sequence = wanting.get(i);
      try {
        FinishReason reason = add(sequence, choices.token(i));
        if (reason != null) {
          end.accept(sequence, reason);
        }
      } catch (RuntimeException | Error e) {
        fail.accept(sequence, e);
      }
    }
    wanting.clear();
    choices.clear();
  }

  private FinishReason add(Sequence sequence, int id) {
    sequence.sampler.saw(id);
    GrowingText text = sequence.text;
    int position = text.length();
    int depth = text.depth(position - 1);
    boolean full = !text.append(id);
    sequence.generated++;
    counters.generated(depth);
    return sequence.listener.token(id, depth, position, full);
  }
}
