package dev.mor4j.runtime.kv;

/** What a layer of a pass does with keys and values. */
public enum KvMode {
  /** Computes keys and values, stores them, attends to what is stored. */
  APPEND,
  /** Computes only queries, attends to what is stored. */
  READ,
  /**
   * Computes keys and values, stores them in an overlay, attends to the base with the overlay over
   * it.
   */
  OVERLAY
}
