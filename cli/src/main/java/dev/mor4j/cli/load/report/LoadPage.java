package dev.mor4j.cli.load.report;

import dev.mor4j.cli.depths.DepthStrip;
import dev.mor4j.cli.load.Arrivals;
import dev.mor4j.cli.load.Latencies;
import dev.mor4j.cli.load.Sample;
import dev.mor4j.cli.load.StageResult;
import dev.mor4j.cli.page.Html;
import dev.mor4j.cli.page.LinePlot;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.runtime.LatencyHistogram;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/** A run of load as a page that needs no other file. */
public final class LoadPage {
  private static final double MIB = 1 << 20;
  private static final String STYLE =
      """
      body { font: 15px/1.5 sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em;
             color: #1b1b1b; background: #fff; }
      h1 { font-size: 1.3em; } h2 { font-size: 1.1em; margin-top: 2em; }
      table { border-collapse: collapse; margin: 1em 0; font-size: 13px; }
      caption { text-align: left; font-weight: bold; }
      th, td { padding: .15em 1em .15em 0; text-align: right; white-space: nowrap; }
      th.n, td.n { text-align: left; }
      tr + tr { border-top: 1px solid #eee; }
      figure { display: inline-block; margin: .5em 1em .5em 0; }
      svg { max-width: 100%; } svg text { font: 11px sans-serif; fill: #444; }
      .strip { overflow-x: auto; } .strip svg { max-width: none; }
      .grid { stroke: #e6e6e6; fill: none; } .line { fill: none; stroke-width: 1.6; }
      text.y { text-anchor: end; } text.x { text-anchor: middle; }
      text.name { font-weight: bold; } text.key { font-size: 10px; } text.t { font-size: 10px; }
      .swatch { display: inline-block; width: 1.4em; border-radius: 3px; text-align: center; }
      .bad { color: #b00020; }
      """;

  private final LoadReport report;
  private final StringBuilder page = new StringBuilder();

  private LoadPage(LoadReport report) {
    this.report = report;
  }

  /** Everything. */
  public static String html(LoadReport report) {
    LoadPage page = new LoadPage(report);
    page.head("load on " + report.title());
    page.tables();
    page.overLoads();
    for (StageResult result : report.measured()) {
      page.stage(result);
    }
    return page.end();
  }

  /** The timelines alone. */
  public static String timeline(LoadReport report) {
    LoadPage page = new LoadPage(report);
    page.head("depths of " + report.title());
    for (StageResult result : report.measured()) {
      page.heading(result.stage().name());
      page.page.append(new DepthStrip(result.engine().timeline()).svg());
    }
    return page.end();
  }

  private void head(String title) {
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>")
        .append(Html.escape(title))
        .append("</title>\n<style>\n")
        .append(STYLE)
        .append("</style>\n</head>\n<body>\n<h1>")
        .append(Html.escape(title))
        .append("</h1>\n<p>")
        .append(Html.escape(report.workloadText()))
        .append("</p>\n");
    report
        .capacity()
        .ifPresent(
            capacity ->
                page.append(
                    Sizes.format(
                        "<p>capacity, from a closed loop: %.2f requests/s, %.1f tokens/s</p>%n",
                        capacity.requestsPerSecond(), capacity.tokensPerSecond())));
    for (String problem : report.problems()) {
      page.append("<p class=\"bad\">").append(Html.escape(problem)).append("</p>\n");
    }
  }

  private void heading(String text) {
    page.append("<h2>").append(Html.escape(text)).append("</h2>\n");
  }

  private String end() {
    return page.append("</body>\n</html>\n").toString();
  }

  private void tables() {
    for (LoadTable table : LoadTable.of(report)) {
      page.append("<table><caption>").append(Html.escape(table.title())).append("</caption>\n");
      row("th", table, table.heads());
      table.rows().forEach(row -> row("td", table, row));
      page.append("</table>\n");
    }
  }

  private void row(String tag, LoadTable table, List<String> cells) {
    page.append("<tr>");
    for (int i = 0; i < cells.size(); i++) {
      String left = table.isName(i) ? " class=\"n\"" : "";
      String text = Html.escape(cells.get(i));
      page.append(Sizes.format("<%s%s>%s</%s>", tag, left, text, tag));
    }
    page.append("</tr>\n");
  }

  /** Plots with a point a stage; open and closed loops never meet in a run. */
  private void overLoads() {
    List<StageResult> stages =
        report.measured().stream().sorted(Comparator.comparingDouble(LoadPage::offered)).toList();
    if (stages.isEmpty()) {
      return;
    }
    boolean open = stages.getFirst().stage().arrivals() instanceof Arrivals.Open;
    String x = open ? "offered requests/s" : "clients";
    List<Double> offered = stages.stream().map(LoadPage::offered).toList();
    heading("Over the offered load");
    latency("time to first token", x, offered, stages, Latencies::firstToken);
    latency("end to end", x, offered, stages, Latencies::endToEnd);
    latency("between tokens", x, offered, stages, Latencies::betweenTokens);
    LinePlot requests = new LinePlot("throughput", x, "requests/s", false);
    requests.add(
        "completed",
        offered,
        stages.stream().map(s -> s.times().steady().completedPerSecond()).toList());
    requests.add(
        "offered", offered, stages.stream().map(s -> s.times().steady().sentPerSecond()).toList());
    page.append(requests.svg());
    page.append(
        new LinePlot("throughput", x, "tokens/s", false)
            .add(
                "tokens",
                offered,
                stages.stream().map(s -> s.times().steady().tokensPerSecond()).toList())
            .svg());
  }

  private static Double offered(StageResult result) {
    return switch (result.stage().arrivals()) {
      case Arrivals.Open open -> open.rate();
      case Arrivals.Closed closed -> (double) closed.clients();
    };
  }

  private void latency(
      String title,
      String x,
      List<Double> offered,
      List<StageResult> stages,
      Function<Latencies, LatencyHistogram> which) {
    LinePlot plot = new LinePlot(title, x, "ms", true);
    for (double quantile : new double[] {0.5, 0.9, 0.95, 0.99}) {
      List<Double> values = new ArrayList<>();
      for (StageResult result : stages) {
        LatencyHistogram histogram = which.apply(result.latencies());
        values.add(histogram.count() == 0 ? Double.NaN : histogram.quantileMicros(quantile) / 1e3);
      }
      plot.add(Sizes.format("p%.0f", quantile * 100), offered, values);
    }
    page.append(plot.svg());
  }

  private void stage(StageResult result) {
    heading(result.stage().name());
    List<Sample> samples = result.watched().samples();
    List<Double> seconds = samples.stream().map(sample -> sample.nanos() / 1e9).toList();
    page.append(
        new LinePlot("requests", "seconds", "number", false)
            .add("in flight", seconds, series(samples, sample -> sample.inFlight()))
            .add("waiting", seconds, series(samples, sample -> sample.engine().queued()))
            .add("running", seconds, series(samples, sample -> sample.engine().running()))
            .svg());
    page.append(
        new LinePlot("memory", "seconds", "MiB", false)
            .add("resident", seconds, mebibytes(samples, Sample::residentBytes))
            .add("heap", seconds, mebibytes(samples, Sample::heapBytes))
            .add(
                "KV pages held",
                seconds,
                mebibytes(samples, sample -> sample.engine().kvHeldBytes()))
            .add(
                "by sequences",
                seconds,
                mebibytes(samples, sample -> sample.engine().kvSequenceBytes()))
            .svg());
    List<Double> rates = new ArrayList<>(List.of(Double.NaN));
    for (int i = 1; i < samples.size(); i++) {
      Sample before = samples.get(i - 1);
      Sample now = samples.get(i);
      double nanos = Math.max(1, now.nanos() - before.nanos());
      rates.add((now.totals().tokens() - before.totals().tokens()) * 1e9 / nanos);
    }
    page.append(
        new LinePlot("throughput", "seconds", "tokens/s", false)
            .add("tokens", seconds, rates)
            .svg());
    if (result.engine().work().isPresent()) {
      page.append("<h3>Depths that shared the last passes</h3>\n")
          .append(new DepthStrip(result.engine().timeline()).svg());
    }
  }

  private static List<Double> series(List<Sample> samples, ToDoubleFunction<Sample> value) {
    return samples.stream()
        .map(sample -> value.applyAsDouble(sample))
        .map(number -> number < 0 ? Double.NaN : number)
        .toList();
  }

  private static List<Double> mebibytes(List<Sample> samples, ToLongFunction<Sample> bytes) {
    return series(samples, sample -> bytes.applyAsLong(sample) / MIB);
  }
}
