package dev.mor4j.benchmarks.device;

import dev.mor4j.benchmarks.setup.BenchmarkModels;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * How much {@link DeviceBenchmark} measures.
 *
 * @param models names or paths of {@link BenchmarkModels}, the one without a router first
 * @param texts how long texts are, and how many there are at a time
 * @param repeats how often and how long
 * @param memory sizes of buffers and caches
 * @param json where the figures are written as well
 */
record DeviceSettings(
    List<String> models, Texts texts, Repeats repeats, Memory memory, Optional<Path> json) {
  private static final List<String> OPTIONS =
      List.of(
          "--models",
          "--batch",
          "--tokens",
          "--prefill",
          "--rounds",
          "--window",
          "--sessions",
          "--json");

  /**
   * The texts.
   *
   * @param batch sequences at a time where there are many
   * @param context tokens of a prompt before decoding
   * @param tokens tokens of a text
   * @param prefill tokens of a prompt that is measured itself
   */
  record Texts(int batch, int context, int tokens, int prefill) {}

  /**
   * How often and how long.
   *
   * @param rounds measurements of a figure, of which the median counts
   * @param windowMillis how long serving is measured in each round
   * @param sessions sessions opened, used and closed to see whether anything is left of them
   */
  record Repeats(int rounds, long windowMillis, int sessions) {}

  /**
   * Memory of the device.
   *
   * @param copyBytes bytes of one copy inside the device
   * @param kvBytes budget for the caches of an engine
   */
  record Memory(long copyBytes, long kvBytes) {}

  /** Sizes at which a GPU shows what it can do; some minutes. */
  static DeviceSettings full() {
    return new DeviceSettings(
        List.of("360m-vanilla", "360m-mor2", "360m-mor3", "360m-mor4"),
        new Texts(256, 32, 128, 1024),
        new Repeats(5, 2000, 10_000),
        new Memory(1L << 30, 16L << 30),
        Optional.empty());
  }

  /** Sizes that the emulated device gets through in seconds. */
  static DeviceSettings tiny() {
    return new DeviceSettings(
        List.of(BenchmarkModels.TINY_VANILLA, BenchmarkModels.TINY),
        new Texts(3, 6, 8, 20),
        new Repeats(1, 300, 12),
        new Memory(1L << 20, 64L << 20),
        Optional.empty());
  }

  int batch() {
    return texts.batch();
  }

  int context() {
    return texts.context();
  }

  int tokens() {
    return texts.tokens();
  }

  int prefill() {
    return texts.prefill();
  }

  int rounds() {
    return repeats.rounds();
  }

  long windowMillis() {
    return repeats.windowMillis();
  }

  int sessions() {
    return repeats.sessions();
  }

  long copyBytes() {
    return memory.copyBytes();
  }

  long kvBytes() {
    return memory.kvBytes();
  }

  /**
   * These, with buffers and caches that a device of which {@code freeBytes} are free has room for.
   */
  DeviceSettings fitting(long freeBytes) {
    long piece = 1L << 20;
    Memory fitting =
        new Memory(
            Math.max(piece, Math.min(copyBytes(), freeBytes / 8 / piece * piece)),
            Math.max(piece, Math.min(kvBytes(), freeBytes / 2)));
    return new DeviceSettings(models, texts, repeats, fitting, json);
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
    return switch (option) {
      case "--models" ->
          new DeviceSettings(List.of(value.split(",", -1)), texts, repeats, memory, json);
      case "--json" ->
          new DeviceSettings(models, texts, repeats, memory, Optional.of(Path.of(value)));
      case "--batch" -> with(new Texts(number(option, value, 1), context(), tokens(), prefill()));
      case "--tokens" -> with(new Texts(batch(), context(), number(option, value, 4), prefill()));
      case "--prefill" -> with(new Texts(batch(), context(), tokens(), number(option, value, 1)));
      case "--rounds" -> with(new Repeats(number(option, value, 1), windowMillis(), sessions()));
      case "--window" -> with(new Repeats(rounds(), number(option, value, 1), sessions()));
      case "--sessions" -> with(new Repeats(rounds(), windowMillis(), number(option, value, 0)));
      default ->
          throw new IllegalArgumentException(
              "no option " + option + ", expected one of " + OPTIONS);
    };
  }

  private DeviceSettings with(Texts changed) {
    return new DeviceSettings(models, changed, repeats, memory, json);
  }

  private DeviceSettings with(Repeats changed) {
    return new DeviceSettings(models, texts, changed, memory, json);
  }

  private static int number(String option, String value, int least) {
    if (!value.matches("\\d{1,9}") || Integer.parseInt(value) < least) {
      throw new IllegalArgumentException(
          option + " is " + value + ", expected a number of " + least + " or more");
    }
    return Integer.parseInt(value);
  }
}
