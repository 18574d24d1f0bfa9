package dev.mor4j.runtime.schedule;

import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.engine.RequestPriority;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.text.GrowingText;

/**
 * One text that a scheduler goes on with. What is known of it, and where it is: it waits, or it
 * runs with caches of its own; while it runs, some of its next tokens are on their way through the
 * model. Scheduling thread only.
 */
public final class Sequence {
  /** Where a sequence is. */
  enum State {
    /** Not submitted yet, or in the queue, without caches. */
    WAITING,
    /** It runs, and none of its tokens is on its way. */
    READY,
    /** Tokens of it are in the block. */
    IN_BLOCK,
    /** Tokens of it are through the block and wait for the last layers. */
    LEAVING,
    /** It has ended. */
    ENDED
  }

  private static final int[] NO_ROWS = {};

  final RoutingSettings settings;
  final Sampler sampler;
  final SequenceListener listener;
  final RequestPriority priority;
  final int promptLength;

  /** The tokens known; those computed have left the model. */
  final GrowingText text;

  /** When it was submitted, and until when it may run; {@link Long#MAX_VALUE} for any time. */
  final long submittedNanos;

  final long deadlineNanos;

  /** Its place in the order of arrival, given by the scheduler; none before. */
  long number = -1;

  State state = State.WAITING;
  boolean started;
  boolean prefixStored;

  int generated;
  int preemptions;
  SequenceCaches caches;

  /** The rows of the tokens on their way, in order of position after those computed. */
  int[] rows = NO_ROWS;

  int rowCount;

  /** How many of them are in the block. */
  int inBlock;

  /** Passes for which all of them have waited for others to leave with. */
  int waited;

  /** Bytes of pages that they take at most, and what the caches had taken when that was said. */
  long worstCase;

  long takenBefore;

  /**
   * @param promptIds at least one, at most {@code contextLength}
   * @param contextLength most tokens in its caches
   * @param deadlineNanos on the scheduler's clock; {@link Long#MAX_VALUE} for none
   */
  public Sequence(
      int[] promptIds,
      RoutingSettings settings,
      Sampler sampler,
      SequenceListener listener,
      RequestPriority priority,
      int contextLength,
      long submittedNanos,
      long deadlineNanos) {
    this.text = new GrowingText(contextLength);
    text.append(promptIds);
    this.promptLength = promptIds.length;
    this.settings = settings;
    this.sampler = sampler;
    this.listener = listener;
    this.priority = priority;
    this.submittedNanos = submittedNanos;
    this.deadlineNanos = deadlineNanos;
  }

  /** Most tokens that the caches of a sequence will ever hold. */
  public static int mostTokens(int promptLength, int maxNewTokens, int contextLength) {
    // The last token generated is never computed.
    return (int) Math.min(contextLength, (long) promptLength + maxNewTokens - 1);
  }

  /** Tokens that have left the model. */
  public int computed() {
    return text.computed();
  }

  /** How often it gave its pages up. */
  public int preemptions() {
    return preemptions;
  }

  /** Its caches; null while it waits and after it has ended. */
  public SequenceCaches caches() {
    return caches;
  }

  /** Depth of the token at {@code position}, which has left the model. */
  public int depth(int position) {
    return text.depth(position);
  }

  /** Tokens that are known and not computed yet. */
  int due() {
    return text.due();
  }

  /** Nothing is on its way any more. */
  void clearRows() {
    rowCount = 0;
    inBlock = 0;
    waited = 0;
    worstCase = 0;
  }

  /** Bytes of pages that the tokens on their way may take yet. */
  long promised() {
    return worstCase == 0 ? 0 : worstCase - (caches.takenBytes() - takenBefore);
  }
}
