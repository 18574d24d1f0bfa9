package dev.mor4j.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/** Numbers as people read them. */
final class Sizes {
  private static final Pattern BYTES =
      Pattern.compile("(\\d{1,12})([KMGT]?)(?:iB|B)?", Pattern.CASE_INSENSITIVE);

  private Sizes() {}

  /** {@code 512M} → 536870912; K, M, G and T are powers of 1024. For options. */
  static final class Bytes implements CommandLine.ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      Matcher matcher = BYTES.matcher(text);
      if (!matcher.matches()) {
        throw new CommandLine.TypeConversionException(
            "found '" + text + "', expected bytes, such as 65536, 512M or 2G");
      }
      int power =
          matcher.group(2).isEmpty()
              ? 0
              : "KMGT".indexOf(matcher.group(2).toUpperCase(Locale.ROOT)) + 1;
      try {
        return Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << (10 * power));
      } catch (ArithmeticException e) {
        throw new CommandLine.TypeConversionException("found '" + text + "', expected less");
      }
    }
  }

  /** {@code 8461533} → {@code 8.07 MiB}. */
  static String bytes(double bytes) {
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
  static String bytes(long bytes) {
    return bytes((double) bytes);
  }

  /** {@code 8461533} → {@code 8,461,533}. */
  static String count(long count) {
    return format("%,d", count);
  }

  /** A format that does not depend on the locale. */
  @SuppressWarnings("AnnotateFormatMethod") // The annotation is in a library for this alone.
  static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }
}
