package dev.mor4j.runtime.schedule;

/**
 * Whether this Java has a flight recorder. Images made by jlink may be without the module {@code
 * jdk.jfr}; no class that extends an event may be touched then. Any thread.
 */
public final class FlightRecorder {
  private static final boolean PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

  private FlightRecorder() {}

  /** Whether the module {@code jdk.jfr} is there. */
  public static boolean isPresent() {
    return PRESENT;
  }

  /**
   * Makes and writes an event where there is a recorder. What goes wrong with it is lost: what is
   * told of the work never ends the work.
   *
   * @param event makes and commits one
   */
  public static void tell(Runnable event) {
    if (PRESENT) {
      try {
        event.run();
      } catch (RuntimeException | Error e) {
        // The event is missing.
      }
    }
  }
}
