package dev.mor4j.cli.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Who used the processors while requests arrived. What others use makes figures worse than they
 * are.
 *
 * @param process share of all processors' time that the process took, 0 to 1; negative where
 *     unknown
 * @param others share that everything else took, with what a hypervisor took away; negative where
 *     unknown
 */
public record ProcessorUse(double process, double others) {
  /**
   * How things stood at a moment.
   *
   * @param processNanos processor time of the process
   * @param busyTicks that the processors of the machine were busy
   * @param allTicks that they have been there
   * @param nanos of {@link System#nanoTime()}
   */
  record Reading(long processNanos, long busyTicks, long allTicks, long nanos) {
    private static final Path STATISTICS = Path.of("/proc/stat");

    static Reading of(WatchedProcess process) {
      List<String> lines = List.of();
      try {
        lines = Files.readAllLines(STATISTICS);
      } catch (IOException e) {
        // No Linux: shown as unknown.
      }
      return of(process.processorNanos(), lines, System.nanoTime());
    }

    /** Line 1 is: cpu user nice system idle iowait irq softirq steal …, the rest within user. */
    static Reading of(long processNanos, List<String> lines, long nanos) {
      String[] fields = lines.isEmpty() ? new String[0] : lines.getFirst().split(" +", -1);
      long busy = 0;
      long all = 0;
      for (int i = 1; i < Math.min(fields.length, 9); i++) {
        long ticks = Long.parseLong(fields[i]);
        all += ticks;
        busy += i == 4 || i == 5 ? 0 : ticks;
      }
      return new Reading(processNanos, busy, all, nanos);
    }
  }

  static ProcessorUse between(Reading before, Reading after) {
    double time =
        (double) (after.nanos() - before.nanos()) * Runtime.getRuntime().availableProcessors();
    long ticks = after.allTicks() - before.allTicks();
    if (before.processNanos() < 0 || after.processNanos() < 0 || ticks <= 0 || time <= 0) {
      return new ProcessorUse(-1, -1);
    }
    double process = (after.processNanos() - before.processNanos()) / time;
    double busy = (double) (after.busyTicks() - before.busyTicks()) / ticks;
    return new ProcessorUse(Math.clamp(process, 0, 1), Math.clamp(busy - process, 0, 1));
  }
}
