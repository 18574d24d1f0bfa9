package dev.mor4j.cli.page;

import dev.mor4j.cli.terminal.Sizes;
import java.util.ArrayList;
import java.util.List;

/** A plot of lines as SVG inside a page. Values that are no number leave a gap. */
public final class LinePlot {
  private static final int WIDTH = 520;
  private static final int HEIGHT = 250;
  private static final int LEFT = 62;
  private static final int RIGHT = 14;
  private static final int TOP = 28;
  private static final int BOTTOM = 40;

  /** Told apart by people who see few colours, too. */
  private static final List<String> COLOURS =
      List.of("#0072b2", "#e69f00", "#009e73", "#cc3311", "#7a4ea3", "#555555");

  /**
   * One line.
   *
   * @param x values from small to large
   * @param y as many values
   */
  record Line(String name, List<Double> x, List<Double> y) {}

  private final String title;
  private final String xName;
  private final String yName;
  private final boolean logarithmic;
  private final List<Line> lines = new ArrayList<>();

  /**
   * @param logarithmic whether y grows by factors; only values above 0 are shown then
   */
  public LinePlot(String title, String xName, String yName, boolean logarithmic) {
    this.title = title;
    this.xName = xName;
    this.yName = yName;
    this.logarithmic = logarithmic;
  }

  public LinePlot add(String name, List<Double> x, List<Double> y) {
    lines.add(new Line(name, x, y));
    return this;
  }

  private boolean shown(double y) {
    return Double.isFinite(y) && (!logarithmic || y > 0);
  }

  /** The plot; nothing where there is nothing to show. */
  public String svg() {
    double[] ys =
        lines.stream()
            .flatMap(line -> line.y().stream())
            .mapToDouble(Double::doubleValue)
            .filter(this::shown)
            .toArray();
    double[] xs =
        lines.stream()
            .flatMap(line -> line.x().stream())
            .mapToDouble(Double::doubleValue)
            .toArray();
    if (ys.length == 0) {
      return "";
    }
    PlotAxis x = PlotAxis.linear(0, max(xs), LEFT, WIDTH - RIGHT);
    PlotAxis y =
        logarithmic
            ? PlotAxis.logarithmic(min(ys), max(ys), HEIGHT - BOTTOM, TOP)
            : PlotAxis.linear(0, max(ys), HEIGHT - BOTTOM, TOP);
    StringBuilder svg = new StringBuilder();
    svg.append(
        Sizes.format(
            "<figure><svg viewBox=\"0 0 %d %d\" width=\"%d\" role=\"img\" aria-label=\"%s\">%n",
            WIDTH, HEIGHT, WIDTH, Html.escape(title)));
    axes(svg, x, y);
    for (int i = 0; i < lines.size(); i++) {
      line(svg, lines.get(i), COLOURS.get(i % COLOURS.size()), x, y);
    }
    legend(svg);
    return svg.append("</svg></figure>\n").toString();
  }

  private void axes(StringBuilder svg, PlotAxis x, PlotAxis y) {
    for (double tick : y.ticks()) {
      svg.append(
          Sizes.format(
              "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text class=\"y\" x=\"%d\" y=\"%.1f\">%s"
                  + "</text>%n",
              LEFT, y.at(tick), WIDTH - RIGHT, LEFT - 6, y.at(tick) + 4, PlotAxis.label(tick)));
    }
    for (double tick : x.ticks()) {
      svg.append(
          Sizes.format(
              "<path class=\"grid\" d=\"M%.1f %dV%d\"/><text class=\"x\" x=\"%.1f\" y=\"%d\">%s"
                  + "</text>%n",
              x.at(tick),
              TOP,
              HEIGHT - BOTTOM,
              x.at(tick),
              HEIGHT - BOTTOM + 15,
              PlotAxis.label(tick)));
    }
    svg.append(
        Sizes.format(
            "<text class=\"name\" x=\"%d\" y=\"12\">%s</text>"
                + "<text class=\"x\" x=\"%d\" y=\"%d\">%s</text>%n",
            4,
            Html.escape(title + ", " + yName),
            (LEFT + WIDTH - RIGHT) / 2,
            HEIGHT - 8,
            Html.escape(xName)));
  }

  private void line(StringBuilder svg, Line line, String colour, PlotAxis x, PlotAxis y) {
    StringBuilder path = new StringBuilder();
    StringBuilder dots = new StringBuilder();
    boolean pen = false;
    boolean few = line.x().size() <= 40;
    for (int i = 0; i < line.x().size(); i++) {
      double value = line.y().get(i);
      if (!shown(value)) {
        pen = false;
        continue;
      }
      double px = x.at(line.x().get(i));
      double py = y.at(value);
      path.append(Sizes.format("%s%.1f %.1f", pen ? "L" : "M", px, py));
      if (few) {
        dots.append(
            Sizes.format(
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"%s\"><title>%s: %s</title>"
                    + "</circle>",
                px, py, colour, Html.escape(line.name()), PlotAxis.label(value)));
      }
      pen = true;
    }
    svg.append(
        Sizes.format("<path class=\"line\" stroke=\"%s\" d=\"%s\"/>%s%n", colour, path, dots));
  }

  private void legend(StringBuilder svg) {
    int at = LEFT + 8;
    for (int i = 0; i < lines.size(); i++) {
      String name = lines.get(i).name();
      svg.append(
          Sizes.format(
              "<rect x=\"%d\" y=\"19\" width=\"10\" height=\"3\" fill=\"%s\"/>"
                  + "<text class=\"key\" x=\"%d\" y=\"24\">%s</text>%n",
              at, COLOURS.get(i % COLOURS.size()), at + 13, Html.escape(name)));
      at += 26 + 6 * name.length();
    }
  }

  private static double max(double[] values) {
    double max = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      max = Math.max(max, value);
    }
    return max;
  }

  private static double min(double[] values) {
    double min = Double.POSITIVE_INFINITY;
    for (double value : values) {
      min = Math.min(min, value);
    }
    return min;
  }
}
