package dev.mor4j.cli.page;

import dev.mor4j.cli.terminal.Sizes;
import java.util.ArrayList;
import java.util.List;

/** An axis of a plot: from values to places, with round values to mark. */
public final class PlotAxis {
  private static final int TICKS = 6;

  private final double from;
  private final double to;
  private final double start;
  private final double end;
  private final boolean logarithmic;
  private final List<Double> ticks;

  private PlotAxis(
      double from, double to, double start, double end, boolean logarithmic, List<Double> ticks) {
    this.from = from;
    this.to = to;
    this.start = start;
    this.end = end;
    this.logarithmic = logarithmic;
    this.ticks = ticks;
  }

  /** From {@code from} at {@code start} to a round value from {@code to} on at {@code end}. */
  public static PlotAxis linear(double from, double to, double start, double end) {
    double span = to > from ? to - from : 1;
    double step = Math.pow(10, Math.floor(Math.log10(span / TICKS)));
    for (double factor : new double[] {1, 2, 5, 10}) {
      if (span / (step * factor) <= TICKS) {
        step *= factor;
        break;
      }
    }
    List<Double> ticks = new ArrayList<>();
    int count = (int) Math.ceil(span / step - 1e-9);
    for (int i = 0; i <= count; i++) {
      ticks.add(from + i * step);
    }
    return new PlotAxis(from, from + count * step, start, end, false, ticks);
  }

  /** From a power of ten to another that enclose {@code from} to {@code to}, both above 0. */
  static PlotAxis logarithmic(double from, double to, double start, double end) {
    int low = (int) Math.floor(Math.log10(from));
    int high = Math.max(low + 1, (int) Math.ceil(Math.log10(to) - 1e-9));
    List<Double> ticks = new ArrayList<>();
    for (int power = low; power <= high; power++) {
      ticks.add(Math.pow(10, power));
    }
    return new PlotAxis(Math.pow(10, low), Math.pow(10, high), start, end, true, ticks);
  }

  /** The place of {@code value}. */
  public double at(double value) {
    double share =
        logarithmic ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
    return start + share * (end - start);
  }

  public List<Double> ticks() {
    return ticks;
  }

  /** {@code 1500.0} → {@code 1,500}; {@code 0.25} → {@code 0.25}. */
  public static String label(double value) {
    if (Math.abs(value) >= 1000) {
      return Sizes.format("%,.0f", value);
    }
    String text = Sizes.format(Math.abs(value) < 0.01 ? "%.4f" : "%.2f", value);
    return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
  }
}
