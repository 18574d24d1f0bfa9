package dev.mor4j.runtime.engine;

/**
 * Which of the requests that wait begins first. Among equals the one that came first does; a
 * request rises by one priority for each {@code EngineOptions.ageing()} that it waits, so none
 * starves.
 */
public enum RequestPriority {
  /** Work that can wait. */
  LOW,
  /** What nobody has said otherwise of. */
  NORMAL,
  /** Somebody waits for the answer. */
  HIGH
}
