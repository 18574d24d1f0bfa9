package dev.mor4j.runtime.text.unicode;

import java.util.Arrays;
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

  // First << 32 | second of a composition, and what it is at the same place; open addressing.
  private static final int PAIR_BITS = 12;
  private static final long[] PAIRS = new long[1 << PAIR_BITS];
  private static final int[] COMPOSITES = new int[1 << PAIR_BITS];
  // Behind all that decomposes, composes or moves.
  private static final int END = 0x30000;
  // By code point: its combining class, or some number in the same order.
  private static final byte[] CLASSES = new byte[END];
  // By code point: whether it may be the second of a composition.
  private static final boolean[] SECONDS = new boolean[END];
  private static final Decompositions CANONICAL = new Decompositions();
  private static final Decompositions COMPATIBLE = new Decompositions();
  private static final Map<Integer, int[]> LOWERCASE = new HashMap<>();

  // By code point: 1 + the place in parts, or 0.
  private final char[] places = new char[END];
  private int[][] parts = new int[8_192][];
  private int count;

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
          int slot = slot((long) first << 32 | last);
          PAIRS[slot] = (long) first << 32 | last;
          COMPOSITES[slot] = whole;
          SECONDS[last] = true;
        });
    for (int c = VOWEL; c < VOWEL + VOWELS; c++) {
      SECONDS[c] = true;
    }
    for (int c = TRAILING + 1; c < TRAILING + TRAILINGS; c++) {
      SECONDS[c] = true;
    }
  }

  private Decompositions() {}

  private void put(int whole, int[] mapped) {
    if (count == parts.length) {
      parts = Arrays.copyOf(parts, count * 2);
    }
    // What is compatible alone comes behind what is canonical, in its place.
    parts[count++] = mapped;
    places[whole] = (char) count;
  }

  static Decompositions canonical() {
    return CANONICAL;
  }

  static Decompositions compatible() {
    return COMPATIBLE;
  }

  /** What a code point that is no syllable of Hangul decomposes to in full; null: to itself. */
  int[] of(int codePoint) {
    int place = codePoint < END ? places[codePoint] : 0;
    return place == 0 ? null : parts[place - 1];
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
    int slot = slot((long) first << 32 | second);
    return PAIRS[slot] == 0 ? -1 : COMPOSITES[slot];
  }

  /** Where a pair is, or could be. */
  private static int slot(long pair) {
    int slot = (int) ((pair * 0x9E3779B97F4A7C15L) >>> (64 - PAIR_BITS));
    while (PAIRS[slot] != 0 && PAIRS[slot] != pair) {
      slot = (slot + 1) & (PAIRS.length - 1);
    }
    return slot;
  }

  /** Whether a code point may be the second of a composition. */
  static boolean isSecond(int codePoint) {
    return codePoint < END && SECONDS[codePoint];
  }
}
