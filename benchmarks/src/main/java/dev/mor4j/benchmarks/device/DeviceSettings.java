package dev.mor4j.benchmarks.device;

import dev.mor4j.benchmarks.setup.BenchmarkModels;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * How much {@link DeviceBenchmark} measures.
 *
 * @param models names of {@link BenchmarkModels}, the one without a router first
 * @param batch sequences at a time where there are many
 * @param context tokens of a prompt before decoding
 * @param tokens tokens of a text
 * @param prefill tokens of a prompt that is measured itself
 * @param rounds measurements of a figure, of which the median counts
 * @param windowMillis how long serving is measured in each round
 * @param copyBytes bytes of one copy inside the device
 * @param kvBytes budget for the caches of an engine
 * @param sessions sessions opened, used and closed to see whether anything is left of them
 * @param json where the figures are written as well
 */
record DeviceSettings(
    List<String> models,
    int batch,
    int context,
    int tokens,
    int prefill,
    int rounds,
    long windowMillis,
    long copyBytes,
    long kvBytes,
    int sessions,
    Optional<Path> json) {
  /** Sizes at which a GPU shows what it can do; some minutes. */
  static DeviceSettings full() {
    return new DeviceSettings(
        List.of("360m-vanilla", "360m-mor2", "360m-mor3", "360m-mor4"),
        256,
        32,
        128,
        1024,
        5,
        2000,
        1L << 30,
        16L << 30,
        10_000,
        Optional.empty());
  }

  /** Sizes that the emulated device gets through in seconds. */
  static DeviceSettings tiny() {
    return new DeviceSettings(
        List.of(BenchmarkModels.TINY_VANILLA, BenchmarkModels.TINY),
        3,
        6,
        8,
        20,
        1,
        300,
        1L << 20,
        64L << 20,
        12,
        Optional.empty());
  }

  /**
   * These, with buffers and caches that a device of which {@code freeBytes} are free has room for.
   */
  DeviceSettings fitting(long freeBytes) {
    long piece = 1L << 20;
    return new DeviceSettings(
        models,
        batch,
        context,
        tokens,
        prefill,
        rounds,
        windowMillis,
        Math.max(piece, Math.min(copyBytes, freeBytes / 8 / piece * piece)),
        Math.max(piece, Math.min(kvBytes, freeBytes / 2)),
        sessions,
        json);
  }

  /**
   * The settings of a command line: {@code --tiny}, then any of {@code --models a,b}, {@code
   * --batch N}, {@code --tokens N}, {@code --prefill N}, {@code --rounds N}, {@code --window MS},
   * {@code --sessions N}, {@code --json FILE}.
   */
  static DeviceSettings parse(List<String> arguments) {
    DeviceSettings settings = arguments.contains("--tiny") ? tiny() : full();
    Iterator<String> each = arguments.stream().filter(a -> !a.equals("--tiny")).iterator();
    while (each.hasNext()) {
      String option = each.next();
      if (!each.hasNext()) {
        throw new IllegalArgumentException(option + " without a value");
      }
      settings = settings.with(option, each.next());
    }
    return settings;
  }

  private DeviceSettings with(String option, String value) {
    boolean isNumber = value.matches("\\d{1,9}");
    int number = isNumber ? Integer.parseInt(value) : 0;
    return new DeviceSettings(
            option.equals("--models") ? List.of(value.split(",", -1)) : models,
            option.equals("--batch") ? number : batch,
            context,
            option.equals("--tokens") ? number : tokens,
            option.equals("--prefill") ? number : prefill,
            option.equals("--rounds") ? number : rounds,
            option.equals("--window") ? number : windowMillis,
            copyBytes,
            kvBytes,
            option.equals("--sessions") ? number : sessions,
            option.equals("--json") ? Optional.of(Path.of(value)) : json)
        .checked(option, value);
  }

  private DeviceSettings checked(String option, String value) {
    List<String> known =
        List.of(
            "--models",
            "--batch",
            "--tokens",
            "--prefill",
            "--rounds",
            "--window",
            "--sessions",
            "--json");
    if (!known.contains(option)) {
      throw new IllegalArgumentException("no option " + option + ", expected one of " + known);
    }
    if (batch < 1 || tokens < 4 || prefill < 1 || rounds < 1 || windowMillis < 1) {
      throw new IllegalArgumentException(
          option + " is " + value + ", expected a number of 1 or more (4 tokens or more)");
    }
    return this;
  }
}
