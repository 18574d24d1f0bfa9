package dev.mor4j.runtime.template;

import java.util.Arrays;

/** A text that grows, marks and all; what it holds is counted as it grows. */
final class TextBuilder {
  private final Budget budget;
  private final boolean output;
  private int[] points = new int[64];
  private int length;
  private boolean touched;

  /** A text that becomes a value. */
  TextBuilder(Budget budget) {
    this(budget, false);
  }

  private TextBuilder(Budget budget, boolean output) {
    this.budget = budget;
    this.output = output;
  }

  /** The rendered text. */
  static TextBuilder output(Budget budget) {
    return new TextBuilder(budget, true);
  }

  int length() {
    return length;
  }

  /** Whether anything was written, be it nothing. */
  boolean isTouched() {
    return touched;
  }

  void touch() {
    touched = true;
  }

  TextBuilder add(Text text) {
    return add(text, 0, text.length());
  }

  TextBuilder add(Text text, int from, int to) {
    int count = to - from;
    reserve(count);
    text.copy(from, to, points, length);
    length += count;
    return this;
  }

  TextBuilder add(String ascii) {
    int count = ascii.length();
    reserve(count);
    for (int i = 0; i < count; i++) {
      points[length++] = ascii.charAt(i);
    }
    return this;
  }

  /** Adds a code point with its mark. */
  TextBuilder addRaw(int point) {
    reserve(1);
    points[length++] = point;
    return this;
  }

  TextBuilder addRepeated(int point, long count) {
    if (count > 0) {
      reserve(count);
      Arrays.fill(points, length, length + (int) count, point);
      length += (int) count;
    }
    return this;
  }

  private void reserve(long count) {
    touched = true;
    if (output) {
      budget.output(count);
    } else {
      budget.text(count);
    }
    if (length + count > points.length) {
      points = Arrays.copyOf(points, (int) Math.max(length + count, points.length * 3L / 2));
    }
  }

  Text text() {
    return Text.owning(Arrays.copyOf(points, length));
  }
}
