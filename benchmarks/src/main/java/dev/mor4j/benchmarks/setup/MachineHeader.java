package dev.mor4j.benchmarks.setup;

import com.sun.management.OperatingSystemMXBean;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.MorModel;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Says on what machine and JVM the figures were found; without it they mean nothing. */
public final class MachineHeader {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  private MachineHeader() {}

  public static void print(PrintStream out) {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    out.println("# cpu: " + cpuModel() + ", " + system.getAvailableProcessors() + " processors");
    out.printf(
        Locale.ROOT,
        "# memory: %.1f GiB; load average before the run: %.2f%n",
        system.getTotalMemorySize() / (double) (1L << 30),
        system.getSystemLoadAverage());
    out.println("# os: " + system.getName() + " " + system.getVersion() + " " + system.getArch());
    out.println(
        "# jvm: "
            + System.getProperty("java.vm.name")
            + " "
            + Runtime.version()
            + ", "
            + System.getProperty("java.vendor"));
    out.println(
        "# kernels that run here: "
            + MorModel.runnableKernels().stream()
                .map(KernelChoice::label)
                .collect(Collectors.joining(", ")));
    out.println("# seeds: weights " + BenchmarkModels.SEED + ", prompts " + Texts.SEED);
  }

  /** Linux tells the model of the CPU; elsewhere the architecture has to do. */
  private static String cpuModel() {
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }
}
