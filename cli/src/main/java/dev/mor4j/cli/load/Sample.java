package dev.mor4j.cli.load;

/**
 * How things stood at a moment of a stage.
 *
 * @param nanos since the stage began
 * @param totals of the requests until then
 * @param engine what the engine had; {@link Engine#UNKNOWN} where it is elsewhere
 * @param residentBytes of the process in memory; negative where unknown
 * @param heapBytes in use of this JVM's heap, with what is not yet collected
 */
public record Sample(long nanos, Totals totals, Engine engine, long residentBytes, long heapBytes) {
  /**
   * What had become of the requests.
   *
   * @param sent requests sent
   * @param ended requests ended
   * @param completed of them, those that completed
   * @param tokens that had come
   */
  public record Totals(long sent, long ended, long completed, long tokens) {}

  /**
   * What an engine had to do.
   *
   * @param queued requests that waited
   * @param running sequences that ran
   * @param kvHeldBytes of KV pages that sequences or the prefix cache held
   * @param kvSequenceBytes of them, those that sequences held
   */
  public record Engine(int queued, int running, long kvHeldBytes, long kvSequenceBytes) {
    static final Engine UNKNOWN = new Engine(-1, -1, -1, -1);
  }

  /** Requests on their way. */
  public long inFlight() {
    return totals.sent() - totals.ended();
  }
}
