package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.forward.ForwardPass;
import dev.mor4j.runtime.forward.PassBuffers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The tokens in the shared block, of any sequences and at any recursions, and the rows that their
 * states are in until they have left the model. One thread at a time.
 */
final class TokensInBlock {
  private final ForwardPass forward;
  private final PassBuffers buffers;
  private final int recursions;
  private final Rows rows;

  /** Is told of a sequence all of whose tokens on their way are through. */
  private final Consumer<Sequence> through;

  /** Rows in the block; the first {@link #activeCount} are in use. */
  private final int[] active;

  private int activeCount;

  /** Rows about to enter; the first {@link #enteringCount} are in use. */
  private final int[] entering;

  private int enteringCount;

  /**
   * @param capacity most tokens on their way
   */
  TokensInBlock(
      ForwardPass forward,
      PassBuffers buffers,
      int recursions,
      int capacity,
      Consumer<Sequence> through) {
    this.forward = forward;
    this.buffers = buffers;
    this.recursions = recursions;
    this.through = through;
    this.rows = new Rows(capacity);
    this.active = new int[capacity];
    this.entering = new int[capacity];
    buffers.reserve(capacity);
  }

  /** Whether no token is in it; some may be through and not have left. */
  boolean isEmpty() {
    return activeCount == 0;
  }

  Rows rows() {
    return rows;
  }

  /** Lets the next tokens of a sequence enter with the next {@link #enter}. */
  void put(Sequence sequence, int tokens) {
    if (sequence.rows.length < tokens) {
      sequence.rows = new int[tokens];
    }
    sequence.inBlock = tokens;
    sequence.state = Sequence.State.IN_BLOCK;
    for (int i = 0; i < tokens; i++) {
      int row = rows.take(sequence);
      int position = sequence.text.computed() + i;
      sequence.rows[i] = row;
      sequence.rowCount = i + 1;
      entering[enteringCount++] = row;
      buffers
          .tokens()
          .set(row, sequence.text.ids()[position], position, sequence.caches, sequence.settings);
    }
  }

  /**
   * Takes the tokens that were put here through what comes before the block.
   *
   * @return how many
   */
  int enter() {
    int count = enteringCount;
    enteringCount = 0;
    if (count == 0) {
      return 0;
    }
    int in = forward.enter(entering, count, buffers);
    for (int i = 0; i < count; i++) {
      if (i < in) {
        active[activeCount++] = entering[i];
      } else {
        leaveBlock(entering[i]);
      }
    }
    return count;
  }

  /**
   * One pass over all tokens in the block.
   *
   * @param padding rows of tokens that are through, to be computed for nothing
   */
  void pass(int[] padding, int padded) {
    int count = activeCount;
    activeCount = forward.recurse(active, count, padding, padded, buffers);
    for (int i = activeCount; i < count; i++) {
      leaveBlock(active[i]);
    }
  }

  private void leaveBlock(int row) {
    Sequence sequence = rows.owner(row);
    if (--sequence.inBlock == 0) {
      through.accept(sequence);
    }
  }

  /** Takes the tokens of a sequence that are on their way out of their rows, wherever they are. */
  void takeOut(Sequence sequence) {
    for (int i = 0; i < sequence.rowCount; i++) {
      buffers.tokens().remove(sequence.rows[i]);
      rows.giveBack(sequence.rows[i]);
    }
    if (sequence.state == Sequence.State.IN_BLOCK) {
      activeCount = withOwner(active, activeCount);
      enteringCount = withOwner(entering, enteringCount);
    }
    sequence.clearRows();
  }

  /** Closes the ranks of the rows that belong to a sequence. */
  private int withOwner(int[] list, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (rows.owner(list[i]) != null) {
        list[kept++] = list[i];
      }
    }
    return kept;
  }

  /** Forgets who was about to enter, after an error. */
  void forgetEntering() {
    enteringCount = 0;
  }

  /** Tokens in the block by the recursion that they take next, [N]. */
  List<Integer> atRecursion() {
    int[] counts = new int[recursions];
    for (int i = 0; i < activeCount; i++) {
      counts[buffers.tokens().recursion(active[i])]++;
    }
    List<Integer> list = new ArrayList<>();
    for (int each : counts) {
      list.add(each);
    }
    return list;
  }

  /** Tokens in the block that are one of several of their sequence: of prompts. */
  int promptRows() {
    int count = 0;
    for (int i = 0; i < activeCount; i++) {
      count += rows.owner(active[i]).rowCount > 1 ? 1 : 0;
    }
    return count;
  }

  /** Rows in the block; a copy, for checks. */
  int[] active() {
    return Arrays.copyOf(active, activeCount);
  }
}
