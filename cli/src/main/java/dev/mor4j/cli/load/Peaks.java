package dev.mor4j.cli.load;

/**
 * Largest values that were sampled in a stage; negative where unknown.
 *
 * @param residentBytes of the process
 * @param kvHeldBytes of KV pages, with those that only the prefix cache holds
 * @param kvSequenceBytes of KV pages that sequences held
 */
public record Peaks(long residentBytes, long kvHeldBytes, long kvSequenceBytes) {
  static final Peaks NONE = new Peaks(-1, -1, -1);

  Peaks with(Sample sample) {
    return new Peaks(
        Math.max(residentBytes, sample.residentBytes()),
        Math.max(kvHeldBytes, sample.engine().kvHeldBytes()),
        Math.max(kvSequenceBytes, sample.engine().kvSequenceBytes()));
  }
}
