package dev.mor4j.benchmarks;

import dev.mor4j.benchmarks.compare.BatchingComparison;
import dev.mor4j.benchmarks.compare.KvComparison;
import dev.mor4j.benchmarks.compare.PeerCheck;
import dev.mor4j.benchmarks.compare.PeerComparison;
import dev.mor4j.benchmarks.device.DeviceBenchmark;
import dev.mor4j.benchmarks.device.DeviceFacts;
import dev.mor4j.benchmarks.device.DeviceGoldens;
import dev.mor4j.benchmarks.device.DeviceReport;
import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.FiguresProfiler;
import dev.mor4j.benchmarks.setup.FiguresTable;
import dev.mor4j.benchmarks.setup.MachineHeader;
import dev.mor4j.benchmarks.simulation.ScalingSimulation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.Main;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * The command line of the benchmarks: JMH with all of its options, which tells the machine first
 * and all figures in a table at the end, and the modes that {@code --help} lists.
 *
 * <pre>
 *   java -jar benchmarks.jar                      everything; hours
 *   java -jar benchmarks.jar --quick              demo and 135M, some minutes
 *   java -jar benchmarks.jar Decode -p model=360m-vanilla,360m-mor3 -p kernels=avx512,avx2
 *   java -jar benchmarks.jar Decode -p model=./models/mine
 *   java -Dmor4j.benchmarks.models=/data/models -jar benchmarks.jar -rf json -rff figures.json
 * </pre>
 */
public final class Benchmarks {
  private static final int USAGE = 2;

  /** Options with which JMH only prints something. */
  private static final List<String> PRINTING = List.of("-h", "-l", "-lp", "-lprof", "-lrf");

  private Benchmarks() {}

  /** The command line. */
  public static void main(String[] args) throws IOException, RunnerException, InterruptedException {
    int code;
    try {
      code = run(Arrays.asList(args));
    } catch (CommandLineOptionException | IllegalArgumentException e) {
      System.err.println("benchmarks: " + e.getMessage());
      code = USAGE;
    }
    // Engines of others leave threads behind that would keep this JVM running.
    System.exit(code);
  }

  private static int run(List<String> arguments)
      throws CommandLineOptionException, IOException, RunnerException, InterruptedException {
    if (arguments.contains("--help")) {
      System.out.print(Mode.help());
      return 0;
    }
    if (arguments.stream().anyMatch(PRINTING::contains)) {
      Main.main(arguments.toArray(String[]::new));
      return 0;
    }
    Optional<Mode> mode = Mode.of(arguments);
    if (mode.filter(Mode::hasOwnArguments).isPresent()) {
      if (!arguments.getFirst().equals(mode.get().option())) {
        throw new IllegalArgumentException(
            mode.get().option()
                + " comes first, but "
                + arguments.getFirst()
                + " stands before it");
      }
      return device(mode.get(), arguments.subList(1, arguments.size()));
    }
    CommandLineOptions given =
        new CommandLineOptions(
            arguments.stream()
                .filter(argument -> mode.isEmpty() || !argument.equals(mode.get().option()))
                .toArray(String[]::new));
    if (mode.isEmpty() || mode.get() == Mode.QUICK) {
      measure(given, mode.isPresent());
      return 0;
    }
    switch (mode.get()) {
      case CHECK_PEERS -> {
        return check(given);
      }
      case PEERS -> {
        MachineHeader.print(System.out);
        PeerComparison.run(given, System.out);
      }
      case KV -> KvComparison.run(given, System.out);
      case SIMULATE -> ScalingSimulation.run(System.out);
      case BATCHING -> {
        MachineHeader.print(System.out);
        BatchingComparison.run(given, System.out);
      }
      default -> throw new IllegalArgumentException("no mode " + mode.get());
    }
    return 0;
  }

  private static void measure(CommandLineOptions given, boolean quick) throws RunnerException {
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .parent(given)
            .addProfiler(GCProfiler.class)
            .addProfiler(FiguresProfiler.class);
    if (quick) {
      shorten(options, given);
    }
    if (namesFolder(given) && !given.getParameter("dtype").hasValue()) {
      options.param("dtype", BenchmarkModels.STORED);
    }
    // What needs other engines' archives runs only when it is named.
    if (given.getIncludes().stream().noneMatch(include -> include.contains("Peer"))) {
      options.exclude("\\.Peer[A-Z]");
    }
    MachineHeader.print(System.out);
    FiguresTable.print(new Runner(options.build()).run(), System.out);
  }

  private static boolean namesFolder(CommandLineOptions given) {
    return given.getParameter("model").hasValue()
        && given.getParameter("model").get().stream().anyMatch(BenchmarkModels::isPath);
  }

  /**
   * What {@code scripts/gpu-check} runs, with options of their own, which JMH does not know.
   * Returns an exit code.
   */
  private static int device(Mode mode, List<String> arguments)
      throws IOException, InterruptedException {
    if (mode == Mode.DEVICE) {
      MachineHeader.print(System.out);
    } else if (mode != Mode.DEVICE_FACTS && arguments.isEmpty()) {
      throw new IllegalArgumentException(mode.option() + " needs arguments; see --help");
    }
    return switch (mode) {
      case DEVICE -> DeviceBenchmark.run(arguments, System.out);
      case DEVICE_FACTS -> DeviceFacts.report(arguments, System.out);
      case DEVICE_GOLDENS -> DeviceGoldens.run(arguments, System.out);
      case DEVICE_REPORT -> DeviceReport.write(Path.of(arguments.getFirst()), System.out);
      default -> throw new IllegalArgumentException("no mode " + mode);
    };
  }

  private static int check(CommandLineOptions given) {
    try {
      return PeerCheck.run(given, System.out) ? 0 : 1;
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      return 1;
    }
  }

  private static void shorten(ChainedOptionsBuilder options, CommandLineOptions given) {
    if (!given.getParameter("model").hasValue()) {
      options.param("model", "demo", "135m-vanilla", "135m-mor3");
    }
    if (!given.getParameter("context").hasValue()) {
      options.param("context", "32");
    }
    if (!given.getWarmupIterations().hasValue()) {
      options.warmupIterations(2);
    }
    if (!given.getWarmupTime().hasValue()) {
      options.warmupTime(TimeValue.seconds(1));
    }
    if (!given.getMeasurementIterations().hasValue()) {
      options.measurementIterations(5);
    }
    if (!given.getMeasurementTime().hasValue()) {
      options.measurementTime(TimeValue.seconds(1));
    }
  }
}
