package dev.mor4j.runtime.engine;

/** Why a generation ended. */
public enum FinishReason {
  /** The model said that the text ends. */
  END_OF_TEXT,
  /** A stop string came up. */
  STOP,
  /** As many new tokens as were asked for. */
  LENGTH,
  /** The session's context is full. */
  CONTEXT_FULL,
  /** The caller closed the stream. */
  CANCELLED,
  /** The time that its request had is over. */
  DEADLINE
}
