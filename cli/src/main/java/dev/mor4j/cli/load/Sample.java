package dev.mor4j.cli.load;

/**
 * How things stood at a moment of a stage.
 *
 * @param nanos since the stage began
 * @param sent requests sent until then
 * @param ended requests ended until then
 * @param completed of them, those that completed
 * @param tokens that had come
 * @param queued requests that waited in the engine; negative where unknown, as are those below
 * @param running sequences that ran in the engine
 * @param kvHeldBytes of KV pages that sequences or the prefix cache held
 * @param kvSequenceBytes of them, those that sequences held
 * @param residentBytes of the process in memory
 * @param heapBytes in use of this JVM's heap, with what is not yet collected
 */
public record Sample(
    long nanos,
    long sent,
    long ended,
    long completed,
    long tokens,
    int queued,
    int running,
    long kvHeldBytes,
    long kvSequenceBytes,
    long residentBytes,
    long heapBytes) {
  /** Requests on their way. */
  public long inFlight() {
    return sent - ended;
  }
}
