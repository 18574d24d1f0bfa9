package dev.mor4j.cli.options;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/** A time on the command line: {@code 500ms}, {@code 60s}, {@code 5m}, {@code 1h}. */
final class LoadDuration implements CommandLine.ITypeConverter<Duration> {
  private static final Pattern FORM = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(ms|s|m|h)");

  @Override
  public Duration convert(String text) {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      throw new CommandLine.TypeConversionException(
          "found '" + text + "', expected a time such as 500ms, 60s, 5m or 1h");
    }
    double seconds =
        switch (parts.group(2)) {
          case "ms" -> 1e-3;
          case "s" -> 1;
          case "m" -> 60;
          default -> 3600;
        };
    return Duration.ofNanos(Math.round(Double.parseDouble(parts.group(1)) * seconds * 1e9));
  }
}
