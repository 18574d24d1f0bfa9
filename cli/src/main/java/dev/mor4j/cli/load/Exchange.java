package dev.mor4j.cli.load;

/**
 * A request on its way: when it was due, what has come, and how to cancel it. The thread of the
 * request writes; {@link #cut()} may be called by any.
 */
public final class Exchange {
  private final StageMeasures measures;
  private final long scheduled;
  private long last;
  private int tokens;
  private Runnable canceller;
  private boolean cut;

  /**
   * @param measures receives latencies
   * @param scheduled when the request was due
   */
  Exchange(StageMeasures measures, long scheduled) {
    this.measures = measures;
    this.scheduled = scheduled;
  }

  /** When the request was due, which its latencies count from. */
  long scheduled() {
    return scheduled;
  }

  /** A token has come. */
  public void token() {
    long now = System.nanoTime();
    if (tokens == 0) {
      measures.firstToken(now - scheduled);
    } else {
      measures.nextToken(now - last);
    }
    last = now;
    tokens++;
  }

  /** Corrects the count where a target says afterwards that a message held several tokens. */
  void countedTokens(int all) {
    measures.moreTokens(all - tokens);
    tokens = all;
  }

  /** Tokens that have come. */
  public int tokens() {
    return tokens;
  }

  /** How {@link #cut()} cancels the request; called at once where it was called before. */
  public void cancelWith(Runnable action) {
    synchronized (this) {
      canceller = action;
      if (!cut) {
        return;
      }
    }
    action.run();
  }

  /** The generator ends the request: it takes too long, or the run is interrupted. */
  void cut() {
    Runnable action;
    synchronized (this) {
      cut = true;
      action = canceller;
    }
    if (action != null) {
      action.run();
    }
  }

  /** Whether the generator has ended it. */
  public synchronized boolean isCut() {
    return cut;
  }
}
