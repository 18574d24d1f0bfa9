package dev.mor4j.benchmarks.compare;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one engine reached in one workload.
 *
 * @param engine {@link PeerModels#OURS} or another
 * @param workload such as {@code decode @32}
 * @param settings how it ran: type, threads, …
 * @param scores tokens per second of all sequences together, one for each round
 * @param shares of what the machine could do, measured in the same run: of the bandwidth of memory
 *     or of the peak of multiply-adds; NaN where that is not known
 */
record PeerRow(
    String engine,
    String model,
    String workload,
    Map<String, String> settings,
    List<Double> scores,
    List<Double> shares) {
  PeerRow {
    settings = new LinkedHashMap<>(settings);
    scores = List.copyOf(scores);
    shares = List.copyOf(shares);
  }

  /** The middle score; NaN without any. */
  double median() {
    return median(scores);
  }

  /** The middle share; NaN where it is not known. */
  double share() {
    return median(shares);
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    if (sorted.length == 0) {
      return Double.NaN;
    }
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The engine with its settings, in short. */
  String label() {
    return engine + " " + String.join(" ", settings.values());
  }

  /** The row as JSON has it. */
  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("engine", engine);
    json.put("model", model);
    json.put("workload", workload);
    json.put("settings", settings);
    json.put("tokens_per_second", scores);
    json.put("median", median());
    if (Double.isFinite(share())) {
      json.put("share_of_machine", share());
    }
    return json;
  }

  /** The smallest and the largest score. */
  String range() {
    double[] sorted = scores.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted.length == 0
        ? "-"
        : String.format(
            java.util.Locale.ROOT, "%.1f..%.1f", sorted[0], Arrays.stream(sorted).max().orElse(0));
  }
}
