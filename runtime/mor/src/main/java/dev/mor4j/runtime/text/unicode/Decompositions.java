package dev.mor4j.runtime.text.unicode;

import java.util.HashMap;
import java.util.Map;

/** What characters decompose to and are composed of. Immutable. */
final class Decompositions {
  /** First syllable of Hangul, and how many there are. */
  static final int HANGUL = 0xac00;

  static final int HANGUL_COUNT = 11_172;
  static final int LEADING = 0x1100;
  static final int VOWEL = 0x1161;
  static final int TRAILING = 0x11a7;
  static final int VOWELS = 21;
  static final int TRAILINGS = 28;

  private static final Map<Long, Integer> COMPOSITES = new HashMap<>();
  // Behind all that decomposes, composes or moves.
  private static final int END = 0x30000;
  // By code point: its combining class, or some number in the same order.
  private static final byte[] CLASSES = new byte[END];
  // By code point, bits: in which tables it is, and whether it may be the second of a composition.
  private static final byte[] FLAGS = new byte[END];
  private static final int SECOND = 4;
  private static final Decompositions CANONICAL = new Decompositions(1);
  private static final Decompositions COMPATIBLE = new Decompositions(2);
  private static final Map<Integer, int[]> LOWERCASE = new HashMap<>();

  private final Map<Integer, int[]> full = new HashMap<>();
  private final int flag;

  static {
    Map<String, Integer> composed = new HashMap<>();
    UnicodeTable.read(
        "normal-forms.txt",
        (name, fields) -> {
          switch (name) {
            case "class" -> {
              int[] bounds = UnicodeTable.bounds(fields, 1);
              for (int i = 0; i < bounds.length; i += 2) {
                for (int c = bounds[i]; c < bounds[i + 1]; c++) {
                  CLASSES[c] = (byte) Integer.parseInt(fields[0], 16);
                }
              }
            }
            case "composed", "excluded" -> {
              int[] points = UnicodeTable.codePoints(fields, 1);
              int whole = Integer.parseInt(fields[0], 16);
              CANONICAL.put(whole, points);
              COMPATIBLE.put(whole, points);
              if (name.equals("composed")) {
                composed.put(new String(points, 0, points.length), whole);
              }
            }
            case "compatible" ->
                COMPATIBLE.put(Integer.parseInt(fields[0], 16), UnicodeTable.codePoints(fields, 1));
            default ->
                LOWERCASE.put(Integer.parseInt(fields[0], 16), UnicodeTable.codePoints(fields, 1));
          }
        });
    composed.forEach(
        (parts, whole) -> {
          int last = parts.codePointBefore(parts.length());
          String before = parts.substring(0, parts.length() - Character.charCount(last));
          int first =
              before.codePointCount(0, before.length()) == 1
                  ? before.codePointAt(0)
                  : composed.get(before);
          COMPOSITES.put((long) first << 32 | last, whole);
          FLAGS[last] |= SECOND;
        });
    for (int c = VOWEL; c < VOWEL + VOWELS; c++) {
      FLAGS[c] |= SECOND;
    }
    for (int c = TRAILING + 1; c < TRAILING + TRAILINGS; c++) {
      FLAGS[c] |= SECOND;
    }
  }

  private Decompositions(int flag) {
    this.flag = flag;
  }

  private void put(int whole, int[] parts) {
    full.put(whole, parts);
    FLAGS[whole] |= (byte) flag;
  }

  static Decompositions canonical() {
    return CANONICAL;
  }

  static Decompositions compatible() {
    return COMPATIBLE;
  }

  /** What a code point that is no syllable of Hangul decomposes to in full; null: to itself. */
  int[] of(int codePoint) {
    return codePoint < END && (FLAGS[codePoint] & flag) != 0 ? full.get(codePoint) : null;
  }

  /** What a code point is in lowercase; null: itself. */
  static int[] lowercase(int codePoint) {
    return LOWERCASE.get(codePoint);
  }

  /** 0 for what begins anew, otherwise marks with smaller numbers come first. */
  static int combiningClass(int codePoint) {
    return codePoint < END ? CLASSES[codePoint] & 0xff : 0;
  }

  /** What two code points make, or -1. */
  static int compose(int first, int second) {
    int vowel = second - VOWEL;
    if (first >= LEADING && first < LEADING + 19 && vowel >= 0 && vowel < VOWELS) {
      return HANGUL + ((first - LEADING) * VOWELS + vowel) * TRAILINGS;
    }
    int trailing = second - TRAILING;
    if (first >= HANGUL
        && first < HANGUL + HANGUL_COUNT
        && (first - HANGUL) % TRAILINGS == 0
        && trailing > 0
        && trailing < TRAILINGS) {
      return first + trailing;
    }
    Integer composite = COMPOSITES.get((long) first << 32 | second);
    return composite == null ? -1 : composite;
  }

  /** Whether a code point may be the second of a composition. */
  static boolean isSecond(int codePoint) {
    return codePoint < END && (FLAGS[codePoint] & SECOND) != 0;
  }
}
