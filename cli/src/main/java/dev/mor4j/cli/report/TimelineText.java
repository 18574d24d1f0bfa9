package dev.mor4j.cli.report;

import dev.mor4j.cli.load.StageResult;
import dev.mor4j.cli.load.report.LoadReport;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.runtime.engine.EngineStep;
import java.util.List;

/** The timelines of a run of load as a text: a line a pass. */
public final class TimelineText {
  private static final int BAR = 64;

  private TimelineText() {}

  public static String of(LoadReport report) {
    StringBuilder text = new StringBuilder();
    text.append("# ").append(report.title()).append('\n');
    text.append(
        "# A line is a pass of the block. ms: since the engine began; took: with the tokens that"
            + " entered and left;\n# by recursion: rows; bar: a digit a row, the recursion that it"
            + " takes; *: rows of prompts among them.\n");
    for (StageResult result : report.measured()) {
      text.append("\n# ").append(result.stage().name()).append('\n');
      text.append(
          Sizes.format(
              "%8s %10s %8s %5s  %-18s %6s %4s %4s %4s %4s %5s%n",
              "pass",
              "ms",
              "took",
              "rows",
              "by recursion",
              "prompt",
              "in",
              "out",
              "wait",
              "run",
              "queue"));
      int most = result.engine().timeline().stream().mapToInt(EngineStep::rows).max().orElse(1);
      for (EngineStep step : result.engine().timeline()) {
        text.append(line(step, Math.max(1, (most + BAR - 1) / BAR)));
      }
    }
    return text.toString();
  }

  private static String line(EngineStep step, int rowsPerDigit) {
    return Sizes.format(
        "%8d %10.2f %8.2f %5d  %-18s %6d %4d %4d %4d %4d %5d  %s%s%n",
        step.number(),
        step.startNanos() / 1e6,
        step.nanos() / 1e6,
        step.rows(),
        String.join(" ", step.rowsAtRecursion().stream().map(String::valueOf).toList()),
        step.promptRows(),
        step.entered(),
        step.exited(),
        step.waiting(),
        step.running(),
        step.queued(),
        bar(step.rowsAtRecursion(), rowsPerDigit),
        step.promptRows() > 0 ? " *" : "");
  }

  /** A recursion with a row has a digit at least, so that none is missing. */
  private static String bar(List<Integer> rows, int rowsPerDigit) {
    StringBuilder bar = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      int digits = (rows.get(r) + rowsPerDigit - 1) / rowsPerDigit;
      bar.append(Integer.toString(r + 1).repeat(digits));
    }
    return bar.toString();
  }
}
