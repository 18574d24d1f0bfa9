package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;

/** What a layer of a pass does with keys and values; {@code mor4j_kv_mode}. */
public enum KvMode {
  /** Computes keys and values, stores them, attends to what is stored. */
  APPEND(Mor4jNative.MOR4J_KV_APPEND()),
  /** Computes only queries, attends to what is stored. */
  READ(Mor4jNative.MOR4J_KV_READ()),
  /**
   * Computes keys and values, stores them in an overlay, attends to the base with the overlay over
   * it.
   */
  OVERLAY(Mor4jNative.MOR4J_KV_OVERLAY());

  private final int code;

  KvMode(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
