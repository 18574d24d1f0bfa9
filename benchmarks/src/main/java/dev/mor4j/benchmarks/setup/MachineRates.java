package dev.mor4j.benchmarks.setup;

import dev.mor4j.runtime.MachineProbe;
import dev.mor4j.runtime.MachineSpeed;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.ProductType;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What the machine could do, measured in every round beside the engines: medians, as theirs are.
 * Empty where there is no native library.
 */
public final class MachineRates {
  private static final long BYTES = 512L << 20;
  private static final int REPEATS = 5;

  private final List<MachineSpeed> rounds = new ArrayList<>();

  /** Measures once more; holds memory and threads only meanwhile. */
  public void measure(PrintStream out) {
    Optional<MachineProbe> opened = MachineProbe.open(ModelOptions.defaults(), BYTES);
    if (opened.isEmpty()) {
      return;
    }
    try (MachineProbe probe = opened.get()) {
      MachineSpeed speed = probe.measure(REPEATS);
      rounds.add(speed);
      out.printf(
          Locale.ROOT,
          "# machine: reads %.1f GB/s (1 thread %.1f); %s%n",
          speed.allThreads().median() / 1e9,
          speed.oneThread().median() / 1e9,
          peaks(speed));
    }
  }

  private static String peaks(MachineSpeed speed) {
    StringBuilder text = new StringBuilder();
    speed
        .peaks()
        .forEach(
            (type, rate) ->
                text.append(
                    String.format(
                        Locale.ROOT, "%s %.0f GOP/s ", type.label(), rate.median() / 1e9)));
    return text.toString().strip();
  }

  /** Bytes a second that memory gives all threads. */
  public double bandwidth() {
    return median(rounds.stream().map(round -> round.allThreads().median()).toList());
  }

  /** Operations a second of products of {@code type}. */
  public double peak(ProductType type) {
    return median(rounds.stream().map(round -> round.peaks().get(type).median()).toList());
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted.length == 0 ? Double.NaN : sorted[sorted.length / 2];
  }

  /** The rounds as JSON has them. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put(
        "read_bytes_per_second",
        rounds.stream().map(round -> round.allThreads().median()).toList());
    for (ProductType type : ProductType.values()) {
      json.put(
          type.label() + "_operations_per_second",
          rounds.stream().map(round -> round.peaks().get(type).median()).toList());
    }
    return json;
  }
}
