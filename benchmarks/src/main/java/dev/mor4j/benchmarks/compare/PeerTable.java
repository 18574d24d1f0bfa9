package dev.mor4j.benchmarks.compare;

import java.io.PrintStream;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** For each model and workload: every engine's tokens per second, and ours over each peer's. */
final class PeerTable {
  private PeerTable() {}

  static void print(List<PeerRow> rows, PrintStream out) {
    Set<String> workloads = new LinkedHashSet<>();
    rows.forEach(row -> workloads.add(row.model() + ", " + row.workload()));
    for (String workload : workloads) {
      List<PeerRow> here =
          rows.stream()
              .filter(row -> workload.equals(row.model() + ", " + row.workload()))
              .toList();
      List<PeerRow> ours =
          here.stream().filter(row -> row.engine().equals(PeerModels.OURS)).toList();
      out.printf(Locale.ROOT, "%n%-36s %9s %18s %8s", workload, "tok/s", "range", "share");
      for (PeerRow row : ours) {
        out.printf(Locale.ROOT, " %16s", row.label() + " ÷");
      }
      out.println();
      for (PeerRow row : here) {
        out.printf(
            Locale.ROOT,
            "  %-34s %9.1f %18s %8s",
            row.label(),
            row.median(),
            row.range(),
            ratio(row.share()));
        for (PeerRow our : ours) {
          boolean peer = !row.engine().equals(PeerModels.OURS);
          out.printf(Locale.ROOT, " %16s", peer ? ratio(our.median() / row.median()) : "");
        }
        out.println();
      }
    }
    out.println(
        "# share: decode of one sequence, of the memory bandwidth of this run; prefill, of its peak of"
            + " multiply-adds.");
    out.println(
        "# Medians over rounds; a shared or throttling machine makes them indicative only.");
  }

  private static String ratio(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.2f", value) : "-";
  }
}
