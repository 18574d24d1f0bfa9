package dev.mor4j.runtime.text.regex;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * A set of code points, and of {@link #END}, which stands for the end of the text. Immutable.
 *
 * <p>Surrogates count as code points here; UTF-8 has none, so it does not matter.
 */
final class CodePointSet {
  /** What a lookahead sees at the end of the text. */
  static final int END = Character.MAX_CODE_POINT + 1;

  static final CodePointSet EMPTY = new CodePointSet(new int[0]);

  /** Every code point and the end. */
  static final CodePointSet ALL = new CodePointSet(new int[] {0, END + 1});

  /** Every code point. */
  static final CodePointSet ANY = range(0, Character.MAX_CODE_POINT);

  // The first of each range, and the first behind it; ranges in order, apart from each other.
  private final int[] bounds;

  private CodePointSet(int[] bounds) {
    this.bounds = bounds;
  }

  static CodePointSet range(int first, int last) {
    return new CodePointSet(new int[] {first, last + 1});
  }

  static CodePointSet of(int... codePoints) {
    CodePointSet set = EMPTY;
    for (int codePoint : codePoints) {
      set = set.union(range(codePoint, codePoint));
    }
    return set;
  }

  /** The code points of which {@code predicate} is true. */
  static CodePointSet where(IntPredicate predicate) {
    int[] bounds = new int[64];
    int size = 0;
    boolean inside = false;
    for (int c = 0; c <= END; c++) {
      if ((c < END && predicate.test(c)) != inside) {
        if (size == bounds.length) {
          bounds = Arrays.copyOf(bounds, size * 2);
        }
        bounds[size++] = c;
        inside = !inside;
      }
    }
    return new CodePointSet(Arrays.copyOf(bounds, size));
  }

  /** The set with these bounds: the first of each range, the first behind it, and so on. */
  static CodePointSet ofBounds(int[] bounds) {
    return new CodePointSet(bounds.clone());
  }

  CodePointSet union(CodePointSet other) {
    return merge(other, true, false);
  }

  CodePointSet intersection(CodePointSet other) {
    return merge(other, false, false);
  }

  /** What is in this set and not in {@code other}. */
  CodePointSet minus(CodePointSet other) {
    return merge(other, false, true);
  }

  /** All code points that are not in this set; without the end. */
  CodePointSet complement() {
    return ANY.minus(this);
  }

  boolean isEmpty() {
    return bounds.length == 0;
  }

  boolean contains(int codePoint) {
    int at = Arrays.binarySearch(bounds, codePoint);
    return ((at >= 0 ? at : -2 - at) & 1) == 0 && at != -1;
  }

  /** Whether it has all of {@code [first, end)}: 1; none: 0; some: -1. */
  int covers(int first, int end) {
    int at = Arrays.binarySearch(bounds, first);
    int range = at >= 0 ? at : -2 - at;
    boolean inside = range >= 0 && (range & 1) == 0;
    int next = range + 1 < bounds.length ? bounds[range + 1] : Integer.MAX_VALUE;
    if (next >= end) {
      return inside ? 1 : 0;
    }
    return -1;
  }

  int[] bounds() {
    return bounds.clone();
  }

  private CodePointSet merge(CodePointSet other, boolean or, boolean not) {
    int[] result = new int[bounds.length + other.bounds.length];
    int size = 0;
    int i = 0;
    int j = 0;
    boolean inside = false;
    while (i < bounds.length || j < other.bounds.length) {
      int a = i < bounds.length ? bounds[i] : Integer.MAX_VALUE;
      int b = j < other.bounds.length ? other.bounds[j] : Integer.MAX_VALUE;
      int at = Math.min(a, b);
      i += a == at ? 1 : 0;
      j += b == at ? 1 : 0;
      boolean left = (i & 1) != 0;
      boolean right = (j & 1) != 0 != not;
      boolean now = or ? left || right : left && right;
      if (now != inside) {
        result[size++] = at;
        inside = now;
      }
    }
    return new CodePointSet(Arrays.copyOf(result, size));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CodePointSet set && Arrays.equals(bounds, set.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }
}
