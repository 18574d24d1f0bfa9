package dev.mor4j.runtime;

import java.lang.ref.Cleaner;

/**
 * Gives back what was never closed, once nobody can reach the object that should have been, and
 * says so. That is a safety net and no way of working: it comes when the garbage collector happens
 * to run, which knows nothing of memory off the heap.
 *
 * <p>A model, session or engine keeps what it owns in an object beside it, which must not refer to
 * it: else it could always be reached. Methods that use native memory keep their object reachable
 * to their end, by {@link java.lang.ref.Reference#reachabilityFence} or by being counted as users
 * of the model.
 */
final class Forgotten {
  private static final System.Logger LOG = System.getLogger("dev.mor4j.runtime");
  private static final Cleaner CLEANER = Cleaner.create();

  private Forgotten() {}

  /** What an object owns that has to be closed. */
  interface Owned {
    /** Whether it still has to be given back. */
    boolean isOpen();

    /** Gives it back as soon as nobody uses it; on the cleaner's thread. */
    void giveBack();

    /** What was forgotten, for people: a noun and its amount. */
    String description();
  }

  /**
   * Watches over {@code owner}, which has to close {@code owned}; {@code owned} must not know it.
   */
  static void watch(Object owner, Owned owned) {
    CLEANER.register(owner, () -> collect(owned));
  }

  private static void collect(Owned owned) {
    if (!owned.isOpen()) {
      return;
    }
    LOG.log(
        System.Logger.Level.WARNING,
        "{0} was never closed; its memory is given back now. Close it when it is no longer used,"
            + " best by try-with-resources: nobody knows when the garbage collector finds it.",
        owned.description());
    try {
      owned.giveBack();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, owned.description() + " could not be given back", e);
    }
  }
}
