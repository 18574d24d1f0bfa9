package dev.mor4j.runtime.backend;

import dev.mor4j.runtime.routing.RoutingSettings;

/**
 * A decision about some rows that a backend makes and of which it keeps the gates. Filled anew for
 * each one, allocated once; one thread at a time.
 */
public final class RoutingDecision {
  /** Expert-choice: the recursion that rows take part in or not. Token-choice decides about all. */
  public int recursion;

  /** State rows that the decision is about; the first {@link #count}. */
  public int[] rows = {};

  public int count;

  /** By state row: how it is routed, by threshold. */
  public RoutingSettings[] settings = {};

  /**
   * By state row, filled by the backend. Expert-choice: 1 where it takes part, else 0.
   * Token-choice: in how many recursions.
   */
  public int[] outcome = {};

  /** Whether the caller knows the outcome: then nothing comes back from the backend. */
  public boolean isKnown;
}
