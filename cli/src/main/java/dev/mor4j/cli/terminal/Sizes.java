package dev.mor4j.cli.terminal;

import java.util.Locale;

/** Numbers as people read them. */
public final class Sizes {
  private Sizes() {}

  /** {@code 8461533} → {@code 8.07 MiB}. */
  public static String bytes(double bytes) {
    if (bytes < 1024) {
      return format(bytes == Math.rint(bytes) ? "%.0f bytes" : "%.1f bytes", bytes);
    }
    String[] units = {"KiB", "MiB", "GiB", "TiB"};
    double value = bytes;
    int unit = -1;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return format("%.2f %s", value, units[unit]);
  }

  /** {@code 8461533} → {@code 8.07 MiB}. */
  public static String bytes(long bytes) {
    return bytes((double) bytes);
  }

  /** {@code 8461533} → {@code 8,461,533}. */
  public static String count(long count) {
    return format("%,d", count);
  }

  /** A format that does not depend on the locale. */
  @SuppressWarnings("AnnotateFormatMethod") // The annotation is in a library for this alone.
  public static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }
}
