package dev.mor4j.cli.soak;

import dev.mor4j.cli.terminal.Sizes;
import java.util.List;
import java.util.Optional;

/** What must not grow, and how much of it is noise. */
enum SoakMeasure {
  RESIDENT("resident memory", "resident_bytes", 64L << 20, 32L << 20),
  OFF_HEAP("off-heap memory", "off_heap_bytes", 1L << 20, 1L << 20),
  HEAP("heap after collection", "heap_bytes", 8L << 20, 4L << 20),
  THREADS("threads", "threads", 4, 2),
  DESCRIPTORS("open descriptors", "descriptors", 8, 4);

  private final String label;
  private final String key;
  private final long noise;
  private final long anHour;

  /**
   * @param noise by which the fitted line may rise whatever the time
   * @param anHour by which it may rise in each hour besides
   */
  SoakMeasure(String label, String key, long noise, long anHour) {
    this.label = label;
    this.key = key;
    this.noise = noise;
    this.anHour = anHour;
  }

  /** For people. */
  String label() {
    return label;
  }

  /** For programs. */
  String key() {
    return key;
  }

  long of(SoakSample sample) {
    return switch (this) {
      case RESIDENT -> sample.residentBytes();
      case OFF_HEAP -> sample.offHeapBytes();
      case HEAP -> sample.heapBytes();
      case THREADS -> sample.threads();
      case DESCRIPTORS -> sample.descriptors();
    };
  }

  boolean isBytes() {
    return this != THREADS && this != DESCRIPTORS;
  }

  /** A value of it for people. */
  String text(long amount) {
    return amount < 0 ? "unknown" : isBytes() ? Sizes.bytes(amount) : Long.toString(amount);
  }

  /**
   * How much the straight line through the samples, fitted by least squares, rises from the first
   * to the last of them; 0 where there are fewer than three.
   */
  double growth(List<SoakSample> samples) {
    if (samples.size() < 3) {
      return 0;
    }
    double meanTime = samples.stream().mapToDouble(SoakSample::seconds).average().orElseThrow();
    double meanValue = samples.stream().mapToDouble(this::of).average().orElseThrow();
    double both = 0;
    double times = 0;
    for (SoakSample sample : samples) {
      double time = sample.seconds() - meanTime;
      both += time * (of(sample) - meanValue);
      times += time * time;
    }
    return both / times * (samples.getLast().seconds() - samples.getFirst().seconds());
  }

  /** By how much it may grow over these samples. */
  double allowed(List<SoakSample> samples) {
    double hours =
        samples.isEmpty() ? 0 : (samples.getLast().seconds() - samples.getFirst().seconds()) / 3600;
    return noise + anHour * hours;
  }

  /** What is wrong with its growth over these samples. */
  Optional<String> problem(List<SoakSample> samples) {
    double growth = growth(samples);
    double allowed = allowed(samples);
    return growth <= allowed
        ? Optional.empty()
        : Optional.of(
            label
                + " grew by "
                + text(Math.round(growth))
                + " in "
                + samples.size()
                + " samples, expected at most "
                + text(Math.round(allowed)));
  }
}
