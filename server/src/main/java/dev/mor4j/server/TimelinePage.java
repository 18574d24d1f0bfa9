package dev.mor4j.server;

import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.engine.EngineStep;
import java.util.List;
import java.util.Locale;

/**
 * {@code /timeline}: the engine's last passes, a line each, with a bar of the rows by the recursion
 * that they took. A page without scripts; reload it for later passes.
 */
final class TimelinePage {
  private static final int MOST_STEPS = 500;

  /** A row is so many pixels, unless the widest pass needs more than {@link #MOST_PIXELS}. */
  private static final double ROW_PIXELS = 8;

  private static final double MOST_PIXELS = 640;

  /** Colours of recursions, from shallow to deep, readable on black and white. */
  private static final List<String> COLOURS =
      List.of("#4c9be8", "#56b35a", "#e0a030", "#d9534f", "#9b6fd0", "#8a8a8a");

  private static final String HEAD =
      """
      <!DOCTYPE html>
      <html lang="en"><head><meta charset="utf-8"><title>mor4j: depths that shared passes</title>
      <style>
      body { font: 13px/1.5 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
      table { border-collapse: collapse; font-variant-numeric: tabular-nums }
      th, td { padding: 0 .7em; text-align: right; white-space: nowrap }
      th { font-weight: 600; position: sticky; top: 0; background: #fff }
      td:last-child, th:last-child { text-align: left }
      i { display: inline-block; height: 1em; vertical-align: -.15em }
      @media (prefers-color-scheme: dark) { body, th { color: #ddd; background: #161616 } }
      </style></head><body>
      <h1>Depths that shared passes</h1>
      """;

  private final MorEngine engine;

  TimelinePage(MorEngine engine) {
    this.engine = engine;
  }

  /** The page. */
  String html() {
    List<EngineStep> all = engine.timeline();
    List<EngineStep> steps = all.subList(Math.max(0, all.size() - MOST_STEPS), all.size());
    int widest = steps.stream().mapToInt(EngineStep::rows).max().orElse(1);
    double pixels = Math.min(ROW_PIXELS, MOST_PIXELS / Math.max(1, widest));
    StringBuilder html = new StringBuilder(HEAD);
    html.append("<p>The last ").append(steps.size()).append(" passes of the block. Recursions: ");
    for (int r = 0; r < engine.model().config().recursions(); r++) {
      bar(html, r, 12);
      html.append(' ').append(r + 1).append(" &nbsp;");
    }
    html.append("</p>\n<table><tr><th>pass</th><th>at, ms</th><th>took, µs</th><th>running</th>")
        .append("<th>queued</th><th>entered</th><th>exited</th><th>waiting</th>")
        .append("<th>of prompts</th><th>rows</th><th>by recursion</th></tr>\n");
    steps.forEach(step -> line(html, step, pixels));
    return html.append("</table></body></html>\n").toString();
  }

  private static void line(StringBuilder html, EngineStep step, double pixels) {
    html.append("<tr>");
    cell(html, step.number());
    cell(html, step.startNanos() / 1_000_000);
    cell(html, step.nanos() / 1_000);
    cell(html, step.running());
    cell(html, step.queued());
    cell(html, step.entered());
    cell(html, step.exited());
    cell(html, step.waiting());
    cell(html, step.promptRows());
    cell(html, step.rows());
    html.append("<td>");
    for (int r = 0; r < step.rowsAtRecursion().size(); r++) {
      bar(html, r, step.rowsAtRecursion().get(r) * pixels);
    }
    html.append(" &nbsp;");
    for (int r = 0; r < step.rowsAtRecursion().size(); r++) {
      html.append(r == 0 ? "" : " + ").append(step.rowsAtRecursion().get(r));
    }
    html.append("</td></tr>\n");
  }

  private static void cell(StringBuilder html, long number) {
    html.append("<td>").append(number).append("</td>");
  }

  private static void bar(StringBuilder html, int recursion, double pixels) {
    String colour = COLOURS.get(Math.min(recursion, COLOURS.size() - 1));
    html.append(
        String.format(Locale.ROOT, "<i style=\"width:%.1fpx;background:%s\"></i>", pixels, colour));
  }
}
