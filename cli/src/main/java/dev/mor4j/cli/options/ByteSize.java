package dev.mor4j.cli.options;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/** {@code 512M} → 536870912; K, M, G and T are powers of 1024. */
final class ByteSize implements CommandLine.ITypeConverter<Long> {
  private static final Pattern BYTES =
      Pattern.compile("(\\d{1,12})([KMGT]?)(?:iB|B)?", Pattern.CASE_INSENSITIVE);

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

  /** {@code 536870912} → {@code 512M}: the other way round. */
  static String text(long bytes) {
    long value = bytes;
    int power = 0;
    while (value > 0 && value % 1024 == 0 && power < 4) {
      value /= 1024;
      power++;
    }
    return value + (power == 0 ? "" : "KMGT".substring(power - 1, power));
  }
}
