package dev.mor4j.cli.depths;

import dev.mor4j.cli.page.PlotAxis;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.runtime.engine.EngineStep;
import java.util.List;

/**
 * An engine's timeline as a strip: a column a pass, in it the rows by the recursion that they took,
 * stacked from the first one up.
 */
public final class DepthStrip {
  private static final int MOST = 1500;
  private static final int COLUMN = 3;
  private static final int HEIGHT = 150;
  private static final int LEFT = 40;
  private static final int BOTTOM = 22;
  private static final int TOP = 6;

  private final List<EngineStep> steps;

  /**
   * @param steps oldest first; the newest are shown
   */
  public DepthStrip(List<EngineStep> steps) {
    this.steps = steps.subList(Math.max(0, steps.size() - MOST), steps.size());
  }

  /** What the colours mean. */
  static String legend(int recursions) {
    StringBuilder legend = new StringBuilder("<p class=\"legend\">rows of recursion ");
    for (int r = 1; r <= recursions; r++) {
      legend.append(
          Sizes.format(
              "<span class=\"swatch\" style=\"background: %s\">%d</span> ",
              DepthPalette.html(r), r));
    }
    return legend
        .append("<span class=\"swatch\" style=\"background: #333; color: #fff\">–</span> of them, ")
        .append("rows of prompts</p>\n")
        .toString();
  }

  /** The strip, in a box that scrolls; a sentence where nothing was recorded. */
  public String svg() {
    if (steps.isEmpty()) {
      return "<p>No pass was recorded.</p>\n";
    }
    int recursions = steps.stream().mapToInt(step -> step.rowsAtRecursion().size()).max().orElse(0);
    int most = steps.stream().mapToInt(EngineStep::rows).max().orElse(1);
    PlotAxis y = PlotAxis.linear(0, Math.max(1, most), HEIGHT - BOTTOM, TOP);
    int width = LEFT + steps.size() * COLUMN + 8;
    StringBuilder svg = new StringBuilder();
    svg.append(legend(recursions));
    svg.append(
        Sizes.format(
            "<div class=\"strip\"><svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\""
                + " aria-label=\"rows of passes\">%n",
            width, HEIGHT, width, HEIGHT));
    for (double tick : y.ticks()) {
      svg.append(
          Sizes.format(
              "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">%s"
                  + "</text>%n",
              LEFT, y.at(tick), width, LEFT - 5, y.at(tick) + 4, PlotAxis.label(tick)));
    }
    for (int r = 0; r < recursions; r++) {
      svg.append(
          Sizes.format("<path fill=\"%s\" d=\"%s\"/>%n", DepthPalette.html(r + 1), columns(r, y)));
    }
    svg.append(Sizes.format("<path fill=\"#333\" d=\"%s\"/>%n", prompts(y)));
    marks(svg);
    return svg.append("</svg></div>\n").toString();
  }

  private String columns(int recursion, PlotAxis y) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < steps.size(); i++) {
      List<Integer> rows = steps.get(i).rowsAtRecursion();
      int below = 0;
      for (int r = 0; r < Math.min(recursion, rows.size()); r++) {
        below += rows.get(r);
      }
      int own = recursion < rows.size() ? rows.get(recursion) : 0;
      if (own > 0) {
        double top = y.at(below + own);
        path.append(
            Sizes.format(
                "M%d %.1fh%dV%.1fh-%dz", LEFT + i * COLUMN, top, COLUMN, y.at(below), COLUMN));
      }
    }
    return path.toString();
  }

  /** A dark line at the height of the rows that belong to prompts. */
  private String prompts(PlotAxis y) {
    StringBuilder path = new StringBuilder();
    for (int i = 0; i < steps.size(); i++) {
      if (steps.get(i).promptRows() > 0) {
        path.append(
            Sizes.format(
                "M%d %.1fh%dv1h-%dz",
                LEFT + i * COLUMN, y.at(steps.get(i).promptRows()), COLUMN, COLUMN));
      }
    }
    return path.toString();
  }

  private void marks(StringBuilder svg) {
    for (int i = 0; i < steps.size(); i += 100) {
      EngineStep step = steps.get(i);
      svg.append(
          Sizes.format(
              "<text class=\"t\" x=\"%d\" y=\"%d\">pass %s, %.2f s, %d run, %d wait</text>%n",
              LEFT + i * COLUMN,
              HEIGHT - 6,
              Sizes.count(step.number()),
              step.startNanos() / 1e9,
              step.running(),
              step.queued()));
    }
  }
}
