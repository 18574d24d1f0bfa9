package dev.mor4j.cli.load;

/** How a request ended, in the end always in one of these ways. */
public enum Ending {
  /** By itself: the text ended, or was as long as asked for. */
  COMPLETED,
  /** Not taken in, as the target promises when it has too much to do. */
  REFUSED,
  /** Cancelled as planned. */
  CANCELLED,
  /** Its deadline passed. */
  DEADLINE,
  /** Ended by the load generator when the stage was over or interrupted. */
  CUT,
  /** In any other way. */
  FAILED
}
