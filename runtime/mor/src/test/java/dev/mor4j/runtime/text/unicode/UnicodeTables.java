package dev.mor4j.runtime.text.unicode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * Makes the tables of this package from what the tokenizers' library says of every code point
 * ({@code testdata/tokenizers/unicode}). {@code main} writes them into the folder that it is given.
 */
final class UnicodeTables {
  private static final Pattern CLASS =
      Pattern.compile("\"([^\"]+)\": ?\\[((?:\\[[^\\]]*\\],? ?)*)\\]");
  private static final Pattern MAPPING = Pattern.compile("\"([0-9A-F]{4,6})\": ?\"([0-9A-F ]*)\"");

  private UnicodeTables() {}

  public static void main(String[] args) throws IOException {
    Files.writeString(Path.of(args[0], "classes.txt"), classes());
    Files.writeString(Path.of(args[0], "normal-forms.txt"), normalForms());
  }

  /** The library's classes by name: the first and the last of each range. */
  static Map<String, List<int[]>> expectedClasses() {
    Map<String, List<int[]>> classes = new LinkedHashMap<>();
    Matcher matcher = CLASS.matcher(text("classes.json.gz"));
    while (matcher.find()) {
      List<int[]> ranges = new ArrayList<>();
      Matcher range = Pattern.compile("\\[(\\d+), ?(\\d+)\\]").matcher(matcher.group(2));
      while (range.find()) {
        ranges.add(new int[] {Integer.parseInt(range.group(1)), Integer.parseInt(range.group(2))});
      }
      classes.put(matcher.group(1).replace("\\\\", "\\"), ranges);
    }
    return classes;
  }

  /** What the library makes of code points; without those that stay. */
  static Map<Integer, String> expectedForm(String form) {
    String all = text("normal-forms.json.gz");
    int begin = all.indexOf("\"" + form + "\"");
    Matcher matcher = MAPPING.matcher(all.substring(begin, all.indexOf('}', begin)));
    Map<Integer, String> result = new TreeMap<>();
    while (matcher.find()) {
      StringBuilder mapped = new StringBuilder();
      for (String c : matcher.group(2).split(" ", -1)) {
        mapped.appendCodePoint(Integer.parseInt(c, 16));
      }
      result.put(Integer.parseInt(matcher.group(1), 16), mapped.toString());
    }
    return result;
  }

  /** The marks that the library moves before U+0345. */
  static List<Integer> expectedMarks() {
    String all = text("normal-forms.json.gz");
    int begin = all.indexOf("\"marks that move");
    List<Integer> marks = new ArrayList<>();
    Matcher matcher = Pattern.compile("\"([0-9A-F]{4,6})\"").matcher(all.substring(begin));
    while (matcher.find()) {
      marks.add(Integer.parseInt(matcher.group(1), 16));
    }
    return marks;
  }

  static String classes() {
    StringBuilder out =
        new StringBuilder(
            "# General categories of Unicode 16, \\w (word), and the library's punctuation.\n");
    Map<String, List<int[]>> classes = expectedClasses();
    classes.forEach(
        (name, ranges) -> {
          if (name.matches("\\\\p\\{[A-Z][a-z]\\}")) {
            append(out, name.substring(3, 5), ranges);
          }
        });
    for (String name :
        List.of(
            "Zs", "Zl", "Zp", "Cc", "Cf", "Co", "Cs", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc",
            "Sk", "So", "Pi", "Pf")) {
      append(out, name, ofPlatform(name));
    }
    append(out, "word", classes.get("\\w"));
    append(out, "han", classes.get("\\p{Han}"));
    append(out, "punctuation", classes.get("Punctuation: punctuation"));
    return out.toString();
  }

  private static List<int[]> ofPlatform(String category) {
    Pattern pattern = Pattern.compile("\\p{" + category + "}");
    List<int[]> ranges = new ArrayList<>();
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (pattern.matcher(Character.toString(c)).matches()) {
        int[] last = ranges.isEmpty() ? null : ranges.getLast();
        if (last != null && last[1] == c - 1) {
          last[1] = c;
        } else {
          ranges.add(new int[] {c, c});
        }
      }
    }
    return ranges;
  }

  private static void append(StringBuilder out, String name, List<int[]> ranges) {
    out.append(name);
    for (int[] range : ranges) {
      out.append(' ').append(Integer.toHexString(range[0]));
      if (range[1] > range[0]) {
        out.append('-').append(Integer.toHexString(range[1]));
      }
    }
    out.append('\n');
  }

  static String normalForms() {
    StringBuilder out =
        new StringBuilder(
            "# Combining classes (only their order counts), full decompositions, lowercase.\n");
    appendMarks(out);
    Map<Integer, String> composition = expectedForm("NFC");
    Map<Integer, String> canonical = expectedForm("NFD");
    canonical.forEach(
        (c, parts) -> {
          if (c < Decompositions.HANGUL
              || c >= Decompositions.HANGUL + Decompositions.HANGUL_COUNT) {
            append(out, composition.containsKey(c) ? "excluded" : "composed", c, parts);
          }
        });
    expectedForm("NFKD")
        .forEach(
            (c, parts) -> {
              if (!parts.equals(canonical.get(c))) {
                append(out, "compatible", c, parts);
              }
            });
    expectedForm("Lowercase").forEach((c, lower) -> append(out, "lowercase", c, lower));
    return out.toString();
  }

  /** The classes' order is what the platform's normal form does to pairs. */
  private static void appendMarks(StringBuilder out) {
    List<List<int[]>> classes = new ArrayList<>();
    List<Integer> marks = new ArrayList<>(expectedMarks());
    marks.add(0x345);
    for (int mark : marks) {
      if (expectedForm("NFD").containsKey(mark)) {
        continue;
      }
      int at = 0;
      while (at < classes.size() && isBefore(classes.get(at).getFirst()[0], mark)) {
        at++;
      }
      if (at == classes.size() || isBefore(mark, classes.get(at).getFirst()[0])) {
        classes.add(at, new ArrayList<>());
      }
      List<int[]> ranges = classes.get(at);
      if (!ranges.isEmpty() && ranges.getLast()[1] == mark - 1) {
        ranges.getLast()[1] = mark;
      } else {
        ranges.add(new int[] {mark, mark});
      }
    }
    for (int i = 0; i < classes.size(); i++) {
      append(out, "class " + Integer.toHexString(i + 1), classes.get(i));
    }
  }

  private static boolean isBefore(int first, int second) {
    String swapped = Character.toString(second) + Character.toString(first);
    return !Normalizer.normalize(swapped, Normalizer.Form.NFD).equals(swapped);
  }

  private static void append(StringBuilder out, String name, int c, String parts) {
    out.append(name).append(' ').append(Integer.toHexString(c));
    Arrays.stream(parts.codePoints().toArray())
        .forEach(part -> out.append(' ').append(Integer.toHexString(part)));
    out.append('\n');
  }

  private static String text(String file) {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(folder.resolve("testdata/tokenizers/unicode"))) {
      folder = folder.getParent();
    }
    Path path = folder.resolve("testdata/tokenizers/unicode").resolve(file);
    try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(path))) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
