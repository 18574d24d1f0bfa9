package dev.mor4j.runtime.engine;

import java.util.List;
import java.util.Objects;

/**
 * One pass of the shared block, for timelines: which depths shared it, and what came and went
 * around it. Immutable.
 */
public final class EngineStep {
  private final long number;
  private final long startNanos;
  private final long nanos;
  private final long blockNanos;
  private final List<Integer> rowsAtRecursion;
  private final int promptRows;
  private final int entered;
  private final int exited;
  private final int waiting;
  private final int running;
  private final int queued;

  private EngineStep(Builder from) {
    this.number = from.number;
    this.startNanos = from.startNanos;
    this.nanos = from.nanos;
    this.blockNanos = from.blockNanos;
    this.rowsAtRecursion = List.copyOf(from.rowsAtRecursion);
    this.promptRows = from.promptRows;
    this.entered = from.entered;
    this.exited = from.exited;
    this.waiting = from.waiting;
    this.running = from.running;
    this.queued = from.queued;
  }

  /** What a step is made from, by name; a value that is not given is 0 or empty. */
  public static Builder builder() {
    return new Builder();
  }

  /** How many passes there were before it. */
  public long number() {
    return number;
  }

  /** When it began, in nanoseconds from the start of the engine. */
  public long startNanos() {
    return startNanos;
  }

  /** What the whole step took in nanoseconds, with the tokens that entered and left. */
  public long nanos() {
    return nanos;
  }

  /** What the pass of the block took of it, with the decisions after it. */
  public long blockNanos() {
    return blockNanos;
  }

  /** Rows of the pass, by the recursion that they took, [N]. */
  public List<Integer> rowsAtRecursion() {
    return rowsAtRecursion;
  }

  /** How many of the rows belonged to prompts. */
  public int promptRows() {
    return promptRows;
  }

  /** Tokens that entered the block after it, through embedding and first layers. */
  public int entered() {
    return entered;
  }

  /** Tokens that left through last layers, and head where another token was wanted. */
  public int exited() {
    return exited;
  }

  /** Tokens that had left the block and waited for others to leave with. */
  public int waiting() {
    return waiting;
  }

  /** Sequences that ran. */
  public int running() {
    return running;
  }

  /** Requests that waited. */
  public int queued() {
    return queued;
  }

  /** Rows of the pass. */
  public int rows() {
    return rowsAtRecursion.stream().mapToInt(Integer::intValue).sum();
  }

  @Override
  public String toString() {
    return "EngineStep["
        + number
        + ": rows by recursion "
        + rowsAtRecursion
        + ", "
        + promptRows
        + " of prompts, "
        + entered
        + " entered, "
        + exited
        + " left, "
        + waiting
        + " wait to leave, "
        + running
        + " sequences run, "
        + queued
        + " queued, "
        + nanos
        + " ns, the block "
        + blockNanos
        + " of them]";
  }

  /** Takes the values of a step; each method is named after the accessor of its value. */
  public static final class Builder {
    private long number;
    private long startNanos;
    private long nanos;
    private long blockNanos;
    private List<Integer> rowsAtRecursion = List.of();
    private int promptRows;
    private int entered;
    private int exited;
    private int waiting;
    private int running;
    private int queued;

    private Builder() {}

    public Builder number(long value) {
      number = value;
      return this;
    }

    public Builder startNanos(long value) {
      startNanos = value;
      return this;
    }

    public Builder nanos(long value) {
      nanos = value;
      return this;
    }

    public Builder blockNanos(long value) {
      blockNanos = value;
      return this;
    }

    public Builder rowsAtRecursion(List<Integer> value) {
      rowsAtRecursion = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder promptRows(int value) {
      promptRows = value;
      return this;
    }

    public Builder entered(int value) {
      entered = value;
      return this;
    }

    public Builder exited(int value) {
      exited = value;
      return this;
    }

    public Builder waiting(int value) {
      waiting = value;
      return this;
    }

    public Builder running(int value) {
      running = value;
      return this;
    }

    public Builder queued(int value) {
      queued = value;
      return this;
    }

    public EngineStep build() {
      return new EngineStep(this);
    }
  }
}
