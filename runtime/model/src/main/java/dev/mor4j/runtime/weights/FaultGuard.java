package dev.mor4j.runtime.weights;

import java.lang.foreign.MemorySegment;

/**
 * Makes faults in mapped files harmless, where a platform has a way: zeros are read then instead of
 * what is missing, and the fault is told of. Any thread.
 */
public interface FaultGuard {
  /** None: faults go to whoever has the signal, in Java code to the JVM. */
  FaultGuard NONE = mapping -> Guarded.NOTHING;

  /**
   * Guards {@code mapping} from now on. The caller closes what is returned before it unmaps.
   *
   * @throws IllegalStateException when so many mappings are guarded that there is no place for
   *     another, or the system refuses what guards them
   */
  Guarded guard(MemorySegment mapping);

  /** A guarded mapping. Any thread. */
  interface Guarded extends AutoCloseable {
    /** Nothing is guarded. */
    Guarded NOTHING =
        new Guarded() {
          @Override
          public boolean hasFaulted() {
            return false;
          }

          @Override
          public void close() {}
        };

    /**
     * Whether there was a fault in it. Costs no more than a look at memory; to be asked after every
     * use of what was read, by a thread that has seen the reading end.
     */
    boolean hasFaulted();

    /** Ends the guard; may be called again. */
    @Override
    void close();
  }
}
