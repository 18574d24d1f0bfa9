package dev.mor4j.runtime.template;

import java.util.Arrays;

/**
 * A text as its code points, the way Python counts. A code point that came from a message, a tool
 * or a document carries a mark, so that whatever a template does with it, the rendered text tells
 * what the template wrote from what others wrote. Marks do not count in comparisons.
 *
 * <p>A text may be safe markup, as {@code escape} and {@code safe} make it: what is joined to it
 * with {@code +} or {@code %} is escaped.
 */
final class Text implements Value {
  /** The mark of a code point that the template did not write. */
  static final int GIVEN = 1 << 30;

  private static final int WORK_AT_ONCE = 1 << 16;
  private static final int CODE_POINT = 0x1fffff;
  private static final Text[] ASCII = new Text[128];

  static {
    for (int i = 0; i < ASCII.length; i++) {
      ASCII[i] = new Text(new int[] {i}, false);
    }
  }

  static final Text EMPTY = new Text(new int[0], false);

  private final int[] points;
  private final boolean safe;

  /** 0 until it is asked for; all threads compute the same. */
  private int hash;

  private Text(int[] points, boolean safe) {
    this.points = points;
    this.safe = safe;
  }

  /** A text of the template's or of the language's own. */
  static Text of(String text) {
    return text.isEmpty() ? EMPTY : new Text(text.codePoints().toArray(), false);
  }

  /** A text that came from a message, a tool or a document. */
  static Text given(String text) {
    int[] points = text.codePoints().toArray();
    for (int i = 0; i < points.length; i++) {
      points[i] |= GIVEN;
    }
    return points.length == 0 ? EMPTY : new Text(points, false);
  }

  /** A text that takes over {@code points}, marks and all. */
  static Text owning(int[] points) {
    return points.length == 0 ? EMPTY : new Text(points, false);
  }

  static Text ofRaw(int point) {
    return point < 128 ? ASCII[point] : new Text(new int[] {point}, false);
  }

  Text safe(boolean wanted) {
    return wanted == safe ? this : new Text(points, wanted);
  }

  boolean isSafe() {
    return safe;
  }

  int length() {
    return points.length;
  }

  boolean isEmpty() {
    return points.length == 0;
  }

  /** The code point at {@code index}, without its mark. */
  int at(int index) {
    return points[index] & CODE_POINT;
  }

  /** The code point at {@code index} with its mark. */
  int raw(int index) {
    return points[index];
  }

  /** Code points {@code from} to {@code to}, which cost nothing when they are all. */
  Text part(Budget budget, int from, int to) {
    if (from == 0 && to == points.length) {
      return this;
    }
    if (from >= to) {
      return EMPTY.safe(safe);
    }
    budget.text(to - from);
    return new Text(Arrays.copyOfRange(points, from, to), safe);
  }

  void copy(int from, int to, int[] target, int position) {
    System.arraycopy(points, from, target, position, to - from);
  }

  Text plus(Budget budget, Text other) {
    budget.text((long) points.length + other.points.length);
    int[] joined = Arrays.copyOf(points, points.length + other.points.length);
    System.arraycopy(other.points, 0, joined, points.length, other.points.length);
    return new Text(joined, safe);
  }

  Text times(Budget budget, long count) {
    if (count <= 0 || points.length == 0) {
      return EMPTY.safe(safe);
    }
    if (count > Integer.MAX_VALUE / points.length) {
      throw TemplateException.limit("the template's values need too much memory");
    }
    budget.text(count * points.length);
    int[] repeated = new int[(int) count * points.length];
    for (int i = 0; i < count; i++) {
      System.arraycopy(points, 0, repeated, i * points.length, points.length);
    }
    return new Text(repeated, safe);
  }

  boolean matches(Text other, int position) {
    return position >= 0
        && position + other.points.length <= points.length
        && common(other, position) == other.points.length;
  }

  /** How many code points at the beginning of {@code other} stand at {@code position}. */
  private int common(Text other, int position) {
    int count = 0;
    while (count < other.points.length && at(position + count) == other.at(count)) {
      count++;
    }
    return count;
  }

  /** The first place of {@code other} that lies within {@code from} and {@code to}, or -1. */
  int find(Budget budget, Text other, int from, int to) {
    int last = Math.min(to, points.length) - other.points.length;
    return search(budget, other, from, last, 1);
  }

  /** The last place of {@code other} that lies within {@code from} and {@code to}, or -1. */
  int findLast(Budget budget, Text other, int from, int to) {
    int last = Math.min(to, points.length) - other.points.length;
    return search(budget, other, last, from, -1);
  }

  /** Tries places from {@code first} to {@code last}; what is compared is counted meanwhile. */
  private int search(Budget budget, Text other, int first, int last, int step) {
    long work = 0;
    int found = -1;
    for (int i = first; step > 0 ? i <= last : i >= last; i += step) {
      int common = common(other, i);
      if (common == other.points.length) {
        found = i;
        break;
      }
      work += common + 1;
      if (work > WORK_AT_ONCE) {
        budget.steps(work >> 5);
        work = 0;
      }
    }
    budget.steps(work >> 5);
    return found;
  }

  int compareTo(Text other) {
    int both = Math.min(points.length, other.points.length);
    for (int i = 0; i < both; i++) {
      if (at(i) != other.at(i)) {
        return Integer.compare(at(i), other.at(i));
      }
    }
    return Integer.compare(points.length, other.points.length);
  }

  @Override
  public String type() {
    return safe ? "Markup" : "str";
  }

  @Override
  public boolean equals(Object other) {
    if (other == this) {
      return true;
    }
    return other instanceof Text text && text.points.length == points.length && matches(text, 0);
  }

  @Override
  public int hashCode() {
    int result = hash;
    if (result == 0) {
      result = 1;
      for (int point : points) {
        result = 31 * result + (point & CODE_POINT);
      }
      hash = result;
    }
    return result;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(points.length);
    for (int i = 0; i < points.length; i++) {
      text.appendCodePoint(at(i));
    }
    return text.toString();
  }
}
