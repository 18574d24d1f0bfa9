package dev.mor4j.runtime.text.unicode;

import java.util.Arrays;

/**
 * Brings one text into a normal form, from one character to the next that neither moves nor
 * composes with what stands before it. One use.
 */
final class Normalization {
  private final Decompositions decompositions;
  private final boolean composes;
  // What lies between two such characters, decomposed.
  private int[] points = new int[64];
  private int size;

  Normalization(Decompositions decompositions, boolean composes) {
    this.decompositions = decompositions;
    this.composes = composes;
  }

  String normalize(String text) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); ) {
      int end = end(text, i);
      int c = text.codePointAt(i);
      if (end == i + Character.charCount(c) && stays(c)) {
        if (out != null) {
          out.append(text, i, end);
        }
        i = end;
        continue;
      }
      decompose(text, i, end);
      order();
      if (composes) {
        compose();
      }
      if (out == null && !equals(text, i, end)) {
        out = new StringBuilder(text.length() + 16).append(text, 0, i);
      }
      if (out != null) {
        for (int k = 0; k < size; k++) {
          out.appendCodePoint(points[k]);
        }
      }
      i = end;
    }
    return out == null ? text : out.toString();
  }

  /** The end of the stretch that begins at {@code from}: the next character that begins anew. */
  private int end(String text, int from) {
    int i = from + Character.charCount(text.codePointAt(from));
    while (i < text.length()) {
      int c = text.codePointAt(i);
      if (beginsAnew(c)) {
        break;
      }
      i += Character.charCount(c);
    }
    return i;
  }

  private boolean beginsAnew(int c) {
    if (c < 0xa0) {
      return true;
    }
    int[] parts = decompositions.of(c);
    int first = parts == null ? c : parts[0];
    return Decompositions.combiningClass(first) == 0
        && !(composes && Decompositions.isSecond(first));
  }

  /** Whether a character that stands alone is already in the form. */
  private boolean stays(int c) {
    if (c < 0xa0) {
      return true;
    }
    if (c >= Decompositions.HANGUL && c < Decompositions.HANGUL + Decompositions.HANGUL_COUNT) {
      return composes;
    }
    return decompositions.of(c) == null;
  }

  private boolean equals(String text, int from, int to) {
    int at = from;
    for (int k = 0; k < size; k++) {
      if (at >= to || text.codePointAt(at) != points[k]) {
        return false;
      }
      at += Character.charCount(points[k]);
    }
    return at == to;
  }

  private void decompose(String text, int from, int to) {
    size = 0;
    for (int i = from; i < to; ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      int syllable = c - Decompositions.HANGUL;
      if (syllable >= 0 && syllable < Decompositions.HANGUL_COUNT) {
        int trailing = syllable % Decompositions.TRAILINGS;
        int vowel = syllable / Decompositions.TRAILINGS % Decompositions.VOWELS;
        add(Decompositions.LEADING + syllable / Decompositions.TRAILINGS / Decompositions.VOWELS);
        add(Decompositions.VOWEL + vowel);
        if (trailing > 0) {
          add(Decompositions.TRAILING + trailing);
        }
        continue;
      }
      int[] parts = decompositions.of(c);
      if (parts == null) {
        add(c);
      } else {
        for (int part : parts) {
          add(part);
        }
      }
    }
  }

  private void add(int c) {
    if (size == points.length) {
      points = Arrays.copyOf(points, size + (size >> 1));
    }
    points[size++] = c;
  }

  /** Marks in the order of their classes; equal ones stay in order. */
  private void order() {
    for (int i = 0; i < size; ) {
      if (Decompositions.combiningClass(points[i]) == 0) {
        i++;
        continue;
      }
      int end = i + 1;
      boolean ordered = true;
      while (end < size && Decompositions.combiningClass(points[end]) != 0) {
        ordered &=
            Decompositions.combiningClass(points[end - 1])
                <= Decompositions.combiningClass(points[end]);
        end++;
      }
      if (!ordered) {
        sort(i, end);
      }
      i = end;
    }
  }

  /** By counting: a text may be one long run of marks. */
  private void sort(int from, int to) {
    int[] begins = new int[257];
    for (int i = from; i < to; i++) {
      begins[Decompositions.combiningClass(points[i]) + 1]++;
    }
    for (int i = 1; i < begins.length; i++) {
      begins[i] += begins[i - 1];
    }
    int[] sorted = new int[to - from];
    for (int i = from; i < to; i++) {
      sorted[begins[Decompositions.combiningClass(points[i])]++] = points[i];
    }
    System.arraycopy(sorted, 0, points, from, sorted.length);
  }

  private void compose() {
    int starter = -1;
    int kept = 0;
    // The class of what was kept last behind the starter; -1: nothing is between.
    int last = -1;
    for (int i = 0; i < size; i++) {
      int c = points[i];
      int classOf = Decompositions.combiningClass(c);
      if (starter >= 0 && last < classOf) {
        int composite = Decompositions.compose(points[starter], c);
        if (composite >= 0) {
          points[starter] = composite;
          continue;
        }
      }
      if (classOf == 0) {
        starter = kept;
        last = -1;
      } else {
        last = classOf;
      }
      points[kept++] = c;
    }
    size = kept;
  }
}
