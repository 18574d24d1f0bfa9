package dev.mor4j.cli.doctor;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The machine as the operating system tells it.
 *
 * @param cpu name of the CPU; the architecture where nobody says it
 * @param processors of the whole machine; 0 where unknown
 * @param cores of the whole machine, each with one processor or several; 0 where unknown
 * @param memoryBytes that this process may use
 */
public record MachineFacts(String cpu, int processors, int cores, long memoryBytes) {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  /** This machine. Linux tells all of it, other systems the memory. */
  public static MachineFacts read() {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    List<String> lines = List.of();
    try {
      lines = Files.readAllLines(CPU_INFO);
    } catch (IOException e) {
      // Not a Linux, or one that does not tell: what is unknown is shown as unknown.
    }
    return of(lines, system.getTotalMemorySize());
  }

  /** The machine that {@code lines}, of {@code /proc/cpuinfo}, tell of. */
  static MachineFacts of(List<String> lines, long memoryBytes) {
    int processors = 0;
    Set<String> cores = new HashSet<>();
    String socket = "";
    for (String line : lines) {
      String value = line.substring(line.indexOf(':') + 1).strip();
      switch (line.substring(0, Math.max(0, line.indexOf(':'))).strip()) {
        case "processor" -> processors++;
        case "physical id" -> socket = value;
        case "core id" -> cores.add(socket + "." + value);
        default -> {}
      }
    }
    Optional<String> name =
        lines.stream()
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .findFirst();
    return new MachineFacts(
        name.orElse(System.getProperty("os.arch")), processors, cores.size(), memoryBytes);
  }
}
