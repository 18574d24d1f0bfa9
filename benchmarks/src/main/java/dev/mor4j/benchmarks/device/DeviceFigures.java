package dev.mor4j.benchmarks.device;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Figures in the order in which they were found. Each is printed at once, and the file is written
 * anew with it, so that a run that is cut short leaves what it has.
 */
final class DeviceFigures {
  private final Map<String, Object> facts;
  private final Optional<Path> file;
  private final PrintStream out;
  private final List<Figure> figures = new ArrayList<>();

  /**
   * One figure.
   *
   * @param name what was measured
   * @param model of which model; empty for the machine itself
   * @param value the number
   * @param unit of the number; empty for a ratio
   * @param detail how it was found: sizes, rounds, spread
   */
  record Figure(String name, String model, double value, String unit, String detail) {}

  /**
   * @param facts of the machine and the run; written before the figures
   */
  DeviceFigures(Map<String, Object> facts, Optional<Path> file, PrintStream out) {
    this.facts = new LinkedHashMap<>(facts);
    this.file = file;
    this.out = out;
  }

  void add(String name, String model, double value, String unit, String detail) throws IOException {
    figures.add(new Figure(name, model, value, unit, detail));
    out.printf(
        Locale.ROOT, "%-42s %-14s %14s %-12s %s%n", name, model, number(value), unit, detail);
    out.flush();
    if (file.isPresent()) {
      write(file.get());
    }
  }

  /** A number of bytes. */
  void addBytes(String name, String model, long bytes, String detail) throws IOException {
    add(name, model, (double) bytes, "bytes", detail);
  }

  /** Some four digits, whatever the size. */
  static String number(double value) {
    double size = Math.abs(value);
    if (value == Math.rint(value) && size < 1e15) {
      return String.format(Locale.ROOT, "%,d", (long) value);
    }
    return String.format(Locale.ROOT, size >= 1000 ? "%,.0f" : size >= 10 ? "%.1f" : "%.3f", value);
  }

  /** Whole or not at all. */
  private void write(Path path) throws IOException {
    Map<String, Object> document = new LinkedHashMap<>(facts);
    document.put("figures", figures);
    Path target = path.toAbsolutePath();
    Path part = target.resolveSibling(target.getFileName() + ".part");
    Files.write(
        part, new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(document));
    Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
