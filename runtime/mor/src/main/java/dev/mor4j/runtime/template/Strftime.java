package dev.mor4j.runtime.template;

import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.TextStyle;
import java.time.temporal.IsoFields;
import java.util.Locale;

/** A time as {@code strftime} writes it in the locale C. */
final class Strftime {
  private final LocalDateTime time;
  private final TextBuilder out;
  private char flag;

  private Strftime(LocalDateTime time, TextBuilder out) {
    this.time = time;
    this.out = out;
  }

  static Text format(Budget budget, Text format, LocalDateTime time) {
    TextBuilder out = new TextBuilder(budget);
    new Strftime(time, out).run(format, 1);
    return out.text();
  }

  private void run(Text format, int nesting) {
    for (int i = 0; i < format.length(); i++) {
      if (format.at(i) != '%' || i + 1 == format.length()) {
        out.addRaw(format.raw(i));
        continue;
      }
      int start = i++;
      flag = 0;
      while (i + 1 < format.length() && "-_0^#".indexOf(format.at(i)) >= 0) {
        flag = (char) format.at(i++);
      }
      if (!directive(format.at(i), nesting)) {
        out.add(format, start, i + 1);
      }
    }
  }

  private void number(long value, int width, char usual) {
    char pad = flag == '-' ? 0 : flag == '_' ? ' ' : flag == '0' ? '0' : usual;
    String digits = Long.toString(value);
    if (pad != 0) {
      out.addRepeated(pad, width - digits.length());
    }
    out.add(digits);
  }

  private void word(String word) {
    out.add(flag == '^' || flag == '#' ? word.toUpperCase(Locale.ROOT) : word);
  }

  private boolean nested(String format, int nesting) {
    if (nesting > 0) {
      run(Text.of(format), nesting - 1);
    }
    return nesting > 0;
  }

  private boolean directive(int directive, int nesting) {
    int hour = time.getHour() % 12 == 0 ? 12 : time.getHour() % 12;
    int weekday = time.getDayOfWeek().getValue();
    switch (directive) {
      case 'a' ->
          word(time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3));
      case 'A' -> word(time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
      case 'b', 'h' ->
          word(time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH).substring(0, 3));
      case 'B' -> word(time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH));
      case 'C' -> number(time.getYear() / 100, 2, '0');
      case 'd' -> number(time.getDayOfMonth(), 2, '0');
      case 'e' -> number(time.getDayOfMonth(), 2, ' ');
      case 'f' -> number(time.getNano() / 1000, 6, '0');
      case 'g' -> number(time.get(IsoFields.WEEK_BASED_YEAR) % 100, 2, '0');
      case 'G' -> number(time.get(IsoFields.WEEK_BASED_YEAR), 4, '0');
      case 'H' -> number(time.getHour(), 2, '0');
      case 'I' -> number(hour, 2, '0');
      case 'j' -> number(time.getDayOfYear(), 3, '0');
      case 'k' -> number(time.getHour(), 2, ' ');
      case 'l' -> number(hour, 2, ' ');
      case 'm' -> number(time.getMonthValue(), 2, '0');
      case 'M' -> number(time.getMinute(), 2, '0');
      case 'n' -> out.add("\n");
      case 't' -> out.add("\t");
      case 'p' -> {
        String half = time.getHour() < 12 ? "AM" : "PM";
        out.add(flag == '#' ? half.toLowerCase(Locale.ROOT) : half);
      }
      case 'P' -> out.add(time.getHour() < 12 ? "am" : "pm");
      case 's' -> number(time.toEpochSecond(ZoneOffset.UTC), 1, '0');
      case 'S' -> number(time.getSecond(), 2, '0');
      case 'u' -> number(weekday, 1, '0');
      case 'w' -> number(weekday % 7, 1, '0');
      case 'U' -> number((time.getDayOfYear() + 6 - weekday % 7) / 7, 2, '0');
      case 'W' -> number((time.getDayOfYear() + 6 - (weekday - 1)) / 7, 2, '0');
      case 'V' -> number(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2, '0');
      case 'y' -> number(time.getYear() % 100, 2, '0');
      case 'Y' -> number(time.getYear(), 1, '0');
      case 'z', 'Z' -> out.add("");
      case '%' -> out.add("%");
      case 'c' -> {
        return nested("%a %b %e %H:%M:%S %Y", nesting);
      }
      case 'D', 'x' -> {
        return nested("%m/%d/%y", nesting);
      }
      case 'F' -> {
        return nested("%Y-%m-%d", nesting);
      }
      case 'r' -> {
        return nested("%I:%M:%S %p", nesting);
      }
      case 'R' -> {
        return nested("%H:%M", nesting);
      }
      case 'T', 'X' -> {
        return nested("%H:%M:%S", nesting);
      }
      default -> {
        return false;
      }
    }
    return true;
  }
}
