package dev.mor4j.benchmarks;

import dev.mor4j.benchmarks.compare.BatchingComparison;
import dev.mor4j.benchmarks.compare.KvComparison;
import dev.mor4j.benchmarks.compare.PeerCheck;
import dev.mor4j.benchmarks.compare.PeerComparison;
import dev.mor4j.benchmarks.device.DeviceBenchmark;
import dev.mor4j.benchmarks.device.DeviceFacts;
import dev.mor4j.benchmarks.device.DeviceGoldens;
import dev.mor4j.benchmarks.device.DeviceReport;
import dev.mor4j.benchmarks.setup.FiguresProfiler;
import dev.mor4j.benchmarks.setup.FiguresTable;
import dev.mor4j.benchmarks.setup.MachineHeader;
import dev.mor4j.benchmarks.simulation.ScalingSimulation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
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
 * Runs the benchmarks with every option of JMH, tells the machine first and all figures in a table
 * at the end:
 *
 * <pre>
 *   java -jar benchmarks.jar                      everything; hours
 *   java -jar benchmarks.jar --quick              demo and 135M, some minutes
 *   java -jar benchmarks.jar Decode -p model=360m-vanilla,360m-mor3 -p kernels=avx512,avx2
 *   java -Dmor4j.benchmarks.models=/data/models -jar benchmarks.jar -rf json -rff figures.json
 *   java -jar benchmarks.jar --batching           the engine with depth-wise batching and without
 *   java -jar benchmarks.jar --kv                 what KV caches hold, and how many fit a budget
 *   java -jar benchmarks.jar --simulate           what depth-wise batching gains on other machines
 *   java -jar benchmarks.jar --device             models on a GPU; DeviceBenchmark has its options
 *   java -jar benchmarks.jar --check-peers        whether other engines generate the same tokens
 *   java -jar benchmarks.jar --peers              ours beside other engines
 * </pre>
 *
 * {@code --quick} gives way to options that are given beside it. The last two need {@code mvn
 * -Ppeers package}; see {@link PeerComparison} for their options.
 */
public final class Benchmarks {
  private static final String QUICK = "--quick";
  private static final String PEERS = "--peers";
  private static final String CHECK_PEERS = "--check-peers";
  private static final String BATCHING = "--batching";
  private static final String SIMULATE = "--simulate";
  private static final String KV = "--kv";
  private static final String DEVICE = "--device";
  private static final String DEVICE_FACTS = "--device-facts";
  private static final String DEVICE_GOLDENS = "--device-goldens";
  private static final String DEVICE_REPORT = "--device-report";

  /** Options with which JMH only prints something. */
  private static final List<String> PRINTING = List.of("-h", "-l", "-lp", "-lprof", "-lrf");

  private Benchmarks() {}

  /** The command line. */
  public static void main(String[] args)
      throws CommandLineOptionException, IOException, RunnerException, InterruptedException {
    if (Arrays.stream(args).anyMatch(PRINTING::contains)) {
      Main.main(args);
      return;
    }
    if (args.length > 0 && args[0].startsWith(DEVICE)) {
      System.exit(device(args[0], Arrays.asList(args).subList(1, args.length)));
    }
    List<String> modes = List.of(QUICK, PEERS, CHECK_PEERS, BATCHING, SIMULATE, KV);
    boolean quick = Arrays.asList(args).contains(QUICK);
    String[] own =
        Arrays.stream(args).filter(argument -> !modes.contains(argument)).toArray(String[]::new);
    CommandLineOptions given = new CommandLineOptions(own);
    if (Arrays.asList(args).contains(CHECK_PEERS)) {
      System.exit(check(given));
    }
    if (Arrays.asList(args).contains(PEERS)) {
      MachineHeader.print(System.out);
      PeerComparison.run(given, System.out);
      return;
    }
    if (Arrays.asList(args).contains(KV)) {
      KvComparison.run(given, System.out);
      return;
    }
    if (Arrays.asList(args).contains(SIMULATE)) {
      ScalingSimulation.run(System.out);
      return;
    }
    if (Arrays.asList(args).contains(BATCHING)) {
      MachineHeader.print(System.out);
      BatchingComparison.run(given, System.out);
      return;
    }
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .parent(given)
            .addProfiler(GCProfiler.class)
            .addProfiler(FiguresProfiler.class);
    if (quick) {
      shorten(options, given);
    }
    // What needs other engines' archives runs only when it is named.
    if (given.getIncludes().stream().noneMatch(include -> include.contains("Peer"))) {
      options.exclude("\\.Peer[A-Z]");
    }
    MachineHeader.print(System.out);
    FiguresTable.print(new Runner(options.build()).run(), System.out);
  }

  /**
   * What {@code scripts/gpu-check} runs, with options of their own, which JMH does not know.
   * Returns an exit code.
   */
  private static int device(String mode, List<String> arguments)
      throws IOException, InterruptedException {
    if (mode.equals(DEVICE)) {
      MachineHeader.print(System.out);
    }
    return switch (mode) {
      case DEVICE -> DeviceBenchmark.run(arguments, System.out);
      case DEVICE_FACTS -> DeviceFacts.report(arguments, System.out);
      case DEVICE_GOLDENS -> DeviceGoldens.run(arguments, System.out);
      case DEVICE_REPORT -> DeviceReport.write(Path.of(arguments.getFirst()), System.out);
      default -> throw new IllegalArgumentException("no mode " + mode);
    };
  }

  /** An exit code: engines leave threads behind that would keep this JVM running. */
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
