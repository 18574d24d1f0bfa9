package dev.mor4j.cli.soak;

import dev.mor4j.cli.page.Html;
import dev.mor4j.cli.page.LinePlot;
import dev.mor4j.cli.soak.SoakCounts.Outcome;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.runtime.MorEngine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What came of a {@link Soak}. Immutable. */
public final class SoakReport {
  private static final double WARM_UP_SECONDS = 600;

  private final String title;
  private final List<SoakSample> samples;
  private final List<SoakSample> judged;
  private final Map<Outcome, Long> outcomes = new LinkedHashMap<>();
  private final long sent;
  private final double seconds;
  private final List<String> problems = new ArrayList<>();

  SoakReport(MorEngine engine, List<SoakSample> samples, SoakCounts counts, double seconds) {
    this.title = engine.model().folder() + ", " + engine.model().backendDescription();
    this.samples = List.copyOf(samples);
    this.seconds = seconds;
    this.sent = counts.requests();
    for (Outcome outcome : Outcome.values()) {
      outcomes.put(outcome, counts.of(outcome));
    }
    // Caches fill and code is compiled in the first ten minutes; in a sixth of a shorter time.
    double warmUp = Math.min(WARM_UP_SECONDS, seconds / 6);
    this.judged = samples.stream().filter(sample -> sample.seconds() >= warmUp).toList();
    problems.addAll(counts.problems());
    for (SoakMeasure measure : SoakMeasure.values()) {
      measure.problem(judged).ifPresent(problems::add);
    }
  }

  /** What must not have happened and did. */
  public List<String> problems() {
    return problems;
  }

  /** For people. */
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append("target     ").append(title).append('\n');
    text.append(Sizes.format("requests   %s in %.0f s: ", Sizes.count(sent), seconds));
    List<String> parts = new ArrayList<>();
    outcomes.forEach(
        (outcome, count) ->
            parts.add(Sizes.count(count) + " " + outcome.name().toLowerCase(Locale.ROOT)));
    text.append(String.join(", ", parts)).append("\n\n");
    text.append(
        Sizes.format(
            "%-24s %14s %14s %14s %14s%n",
            "after the warm-up", "first", "last", "grew", "may grow"));
    for (SoakMeasure measure : SoakMeasure.values()) {
      if (!judged.isEmpty()) {
        text.append(
            Sizes.format(
                "%-24s %14s %14s %14s %14s%n",
                measure.label(),
                measure.text(measure.of(judged.getFirst())),
                measure.text(measure.of(judged.getLast())),
                signed(measure, measure.growth(judged)),
                signed(measure, measure.allowed(judged))));
      }
    }
    return text.toString();
  }

  private static String signed(SoakMeasure measure, double amount) {
    return (amount < 0 ? "-" : "") + measure.text(Math.round(Math.abs(amount)));
  }

  /** For programs. */
  public Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("target", title);
    json.put("seconds", seconds);
    json.put("requests", sent);
    Map<String, Object> ended = new LinkedHashMap<>();
    outcomes.forEach((outcome, count) -> ended.put(outcome.name().toLowerCase(Locale.ROOT), count));
    json.put("ended", ended);
    Map<String, Object> growth = new LinkedHashMap<>();
    for (SoakMeasure measure : SoakMeasure.values()) {
      growth.put(
          measure.key(),
          Map.of("grew", measure.growth(judged), "may_grow", measure.allowed(judged)));
    }
    json.put("growth_after_warm_up", growth);
    List<Map<String, Object>> rows = new ArrayList<>();
    for (SoakSample sample : samples) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("seconds", sample.seconds());
      row.put("requests", sample.requests());
      for (SoakMeasure measure : SoakMeasure.values()) {
        row.put(measure.key(), measure.of(sample));
      }
      rows.add(row);
    }
    json.put("samples", rows);
    json.put("passed", problems.isEmpty());
    json.put("problems", problems);
    return json;
  }

  /** A page with a plot of each measure. */
  public String html() {
    StringBuilder page = new StringBuilder();
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .append("<title>soak</title>\n<style>body{font:15px/1.5 sans-serif;margin:2em}")
        .append("figure{display:inline-block;margin:.5em 1em .5em 0}svg text{font:11px sans-serif;")
        .append("fill:#444}.grid{stroke:#e6e6e6;fill:none}.line{fill:none;stroke-width:1.6}")
        .append("text.y{text-anchor:end}text.x{text-anchor:middle}text.name{font-weight:bold}")
        .append("</style>\n</head>\n<body>\n<pre>")
        .append(Html.escape(text()))
        .append("</pre>\n");
    for (String problem : problems) {
      page.append("<p>FAILED: ").append(Html.escape(problem)).append("</p>\n");
    }
    List<Double> minutes = samples.stream().map(sample -> sample.seconds() / 60).toList();
    for (SoakMeasure measure : SoakMeasure.values()) {
      double unit = measure.isBytes() ? 1 << 20 : 1;
      page.append(
          new LinePlot(measure.label(), "minutes", measure.isBytes() ? "MiB" : "number", false)
              .add(
                  measure.label(),
                  minutes,
                  samples.stream().map(sample -> measure.of(sample) / unit).toList())
              .svg());
    }
    return page.append("</body>\n</html>\n").toString();
  }
}
