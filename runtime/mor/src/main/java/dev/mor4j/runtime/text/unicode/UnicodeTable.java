package dev.mor4j.runtime.text.unicode;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.BiConsumer;

/** Reads the tables that lie beside this class: lines of a name and numbers in hexadecimal. */
final class UnicodeTable {
  private UnicodeTable() {}

  /**
   * Gives all lines of a table.
   *
   * @param line receives the fields of a line: its name, and the rest
   */
  static void read(String name, BiConsumer<String, String[]> line) {
    try (InputStream in = UnicodeTable.class.getResourceAsStream(name);
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      for (String text = reader.readLine(); text != null; text = reader.readLine()) {
        if (!text.startsWith("#")) {
          String[] fields = text.split(" ", -1);
          line.accept(fields[0], Arrays.copyOfRange(fields, 1, fields.length));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Code points from {@code fields}, which are hexadecimal, from the field {@code from} on. */
  static int[] codePoints(String[] fields, int from) {
    int[] codePoints = new int[fields.length - from];
    for (int i = from; i < fields.length; i++) {
      codePoints[i - from] = Integer.parseInt(fields[i], 16);
    }
    return codePoints;
  }

  /**
   * Ranges like {@code 41-5a}, or {@code aa}: the first of each, the first behind it, and so on.
   */
  static int[] bounds(String[] fields, int from) {
    int[] bounds = new int[(fields.length - from) * 2];
    for (int i = from; i < fields.length; i++) {
      String range = fields[i];
      int dash = range.indexOf('-');
      int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash), 16);
      int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1), 16);
      bounds[(i - from) * 2] = first;
      bounds[(i - from) * 2 + 1] = last + 1;
    }
    return bounds;
  }

  /** Whether a code point is in ranges with these bounds. */
  static boolean contains(int[] bounds, int codePoint) {
    int at = Arrays.binarySearch(bounds, codePoint);
    return at >= 0 ? (at & 1) == 0 : ((-1 - at) & 1) != 0;
  }
}
