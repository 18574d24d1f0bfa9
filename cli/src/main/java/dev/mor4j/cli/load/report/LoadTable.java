package dev.mor4j.cli.load.report;

import dev.mor4j.cli.load.Counts;
import dev.mor4j.cli.load.Ending;
import dev.mor4j.cli.load.EngineWork;
import dev.mor4j.cli.load.Latencies;
import dev.mor4j.cli.load.StageResult;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.runtime.LatencyHistogram;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Tables of a run of load: rows of cells, for a terminal and for a page. */
public final class LoadTable {
  private final String title;
  private final List<String> heads;
  private final List<List<String>> rows = new ArrayList<>();

  private LoadTable(String title, String... heads) {
    this.title = title;
    this.heads = List.of(heads);
  }

  /** The tables of a run. */
  public static List<LoadTable> of(LoadReport report) {
    List<LoadTable> tables = new ArrayList<>();
    tables.add(requests(report.stages()));
    tables.add(latencies(report.stages()));
    if (report.stages().stream().anyMatch(result -> result.engine().work().isPresent())) {
      tables.add(engine(report.stages()));
    }
    tables.add(memory(report.stages()));
    return tables;
  }

  private static LoadTable requests(List<StageResult> stages) {
    LoadTable table =
        new LoadTable(
            "requests; a second over the steady part",
            "load",
            "offered/s",
            "done/s",
            "tokens/s",
            "sent",
            "completed",
            "refused",
            "cancelled",
            "deadline",
            "cut",
            "failed",
            "tokens each");
    for (StageResult result : stages) {
      Counts counts = result.counts();
      List<String> row = new ArrayList<>();
      row.add(result.stage().name() + (result.verdict().interrupted() ? " (interrupted)" : ""));
      row.add(Sizes.format("%.2f", result.times().steady().sentPerSecond()));
      row.add(Sizes.format("%.2f", result.times().steady().completedPerSecond()));
      row.add(Sizes.format("%.1f", result.times().steady().tokensPerSecond()));
      row.add(Sizes.count(counts.sent()));
      for (Ending ending :
          List.of(
              Ending.COMPLETED,
              Ending.REFUSED,
              Ending.CANCELLED,
              Ending.DEADLINE,
              Ending.CUT,
              Ending.FAILED)) {
        row.add(Sizes.count(counts.of(ending)));
      }
      long completed = counts.of(Ending.COMPLETED);
      row.add(
          completed == 0
              ? "–"
              : Sizes.format("%.1f", (double) counts.completedTokens() / completed));
      table.rows.add(row);
    }
    return table;
  }

  private static LoadTable latencies(List<StageResult> stages) {
    LoadTable table =
        new LoadTable("latency, ms", "", "load", "p50", "p90", "p95", "p99", "max", "count");
    table.latency("first token", stages, Latencies::firstToken);
    table.latency("between tokens", stages, Latencies::betweenTokens);
    table.latency("end to end", stages, Latencies::endToEnd);
    table.latency("in the queue", stages, Latencies::queue);
    table.latency("sent late by", stages, Latencies::dispatch);
    return table;
  }

  private void latency(
      String name, List<StageResult> stages, Function<Latencies, LatencyHistogram> which) {
    for (StageResult result : stages) {
      LatencyHistogram histogram = which.apply(result.latencies());
      if (histogram.count() > 0) {
        rows.add(
            List.of(
                name,
                result.stage().name(),
                millis(histogram.quantileMicros(0.5)),
                millis(histogram.quantileMicros(0.9)),
                millis(histogram.quantileMicros(0.95)),
                millis(histogram.quantileMicros(0.99)),
                millis(histogram.maxMicros()),
                Sizes.count(histogram.count())));
      }
    }
  }

  private static LoadTable engine(List<StageResult> stages) {
    LoadTable table =
        new LoadTable(
            "engine",
            "load",
            "mean depth",
            "tokens by depth",
            "passes",
            "rows a pass",
            "preemptions",
            "prefix hits",
            "KV peak",
            "of sequences");
    for (StageResult result : stages) {
      if (result.engine().work().isPresent()) {
        EngineWork work = result.engine().work().get();
        table.rows.add(
            List.of(
                result.stage().name(),
                Sizes.format("%.2f", work.meanDepth()),
                String.join(
                    " ", work.tokens().generatedAtDepth().stream().map(Sizes::count).toList()),
                Sizes.count(work.passes()),
                Sizes.format("%.1f", work.rowsPerPass()),
                Sizes.count(work.preemptions()),
                Sizes.format("%.1f %%", 100 * work.prefixHitShare()),
                bytes(result.watched().peaks().kvHeldBytes()),
                bytes(result.watched().peaks().kvSequenceBytes())));
      }
    }
    return table;
  }

  private static LoadTable memory(List<StageResult> stages) {
    LoadTable table =
        new LoadTable(
            "memory of the process; processors while requests arrived",
            "load",
            "start",
            "max",
            "end",
            "heap at the end",
            "process",
            "others");
    for (StageResult result : stages) {
      table.rows.add(
          List.of(
              result.stage().name(),
              bytes(result.watched().samples().getFirst().residentBytes()),
              bytes(result.watched().peaks().residentBytes()),
              bytes(result.watched().samples().getLast().residentBytes()),
              bytes(result.watched().samples().getLast().heapBytes()),
              share(result.watched().processors().process()),
              share(result.watched().processors().others())));
    }
    return table;
  }

  private static String millis(long micros) {
    return Sizes.format(micros < 100_000 ? "%.2f" : "%.0f", micros / 1e3);
  }

  private static String share(double share) {
    return share < 0 ? "–" : Sizes.format("%.0f %%", 100 * share);
  }

  private static String bytes(long bytes) {
    return bytes < 0 ? "–" : Sizes.bytes(bytes);
  }

  String title() {
    return title;
  }

  /** What the columns have. */
  List<String> heads() {
    return heads;
  }

  /** As many cells a row as there are columns. */
  List<List<String>> rows() {
    return rows;
  }

  /** For a terminal: names to the left, numbers to the right. */
  public List<String> lines() {
    List<List<String>> all = new ArrayList<>(List.of(heads));
    all.addAll(rows);
    int[] widths = new int[heads.size()];
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    List<String> lines = new ArrayList<>();
    lines.add(title);
    for (List<String> row : all) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String pad = " ".repeat(widths[i] - row.get(i).length());
        boolean name = isName(i);
        line.append("  ").append(name ? "" : pad).append(row.get(i)).append(name ? pad : "");
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }

  /** Whether a column has names, not numbers. */
  boolean isName(int column) {
    return column == 0 || heads.get(column).equals("load");
  }
}
