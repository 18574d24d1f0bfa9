package dev.mor4j.runtime.template;

/**
 * What one rendering may use up. Everything that a template can make large is counted before it is
 * made, so that a hostile template ends in bounded time and memory. The bounds grow with the size
 * of what the caller passes in: long conversations are no attack.
 *
 * <p>For one rendering, on one thread.
 */
final class Budget {
  /** Nested evaluations; so few that they fit on a stack of 256 kB. */
  static final int MAX_DEPTH = 200;

  /** Bits of an integer; Python refuses to print integers of more than 4,300 digits. */
  static final int MAX_BITS = 16_384;

  /** Decimal digits of an integer that is printed or read, as in Python. */
  static final int MAX_DIGITS = 4300;

  /** Items of a {@code range}, as in Jinja's sandbox. */
  static final int MAX_RANGE = 100_000;

  private static final long STEPS = 3_000_000;
  private static final long CELLS = 4_000_000;
  private static final long OUTPUT = 2_000_000;

  /** Cells of an object beside what it holds; a cell has four bytes. */
  private static final int OBJECT = 8;

  private static final int ENTRY = 20;

  private long steps = STEPS;
  private long cells = CELLS;
  private long output = OUTPUT;
  private int depth;

  /** Adds what comes from the caller: {@code size} code points and values. */
  void grow(long size) {
    steps += 200 * size;
    cells += 100 * size;
    output += 20 * size;
  }

  /** One evaluation. */
  void step() {
    if (--steps < 0) {
      throw TemplateException.limit("the template takes too many steps");
    }
  }

  /** The work of {@code count} evaluations. */
  void steps(long count) {
    steps -= count;
    if (steps < 0) {
      throw TemplateException.limit("the template takes too many steps");
    }
  }

  /** Memory for a text of {@code length} code points, and the work to fill it. */
  void text(long length) {
    take(length + OBJECT);
    steps(length >> 5);
  }

  /** Memory for a list or a tuple of {@code length} values. */
  void list(long length) {
    take(length * OBJECT + OBJECT);
    steps(length >> 3);
  }

  /** Memory for {@code count} more entries of a dictionary. */
  void entries(long count) {
    take(count * ENTRY + OBJECT);
    steps(count >> 2);
  }

  private void take(long count) {
    cells -= count;
    if (cells < 0) {
      throw TemplateException.limit("the template's values need too much memory");
    }
  }

  /** {@code count} code points are written. */
  void output(long count) {
    output -= count;
    if (output < 0) {
      throw TemplateException.limit("the template's output is too long");
    }
    steps(count >> 5);
  }

  /** Goes one level deeper; {@link #leave} has to follow, unless the rendering fails. */
  void enter() {
    enter(1);
  }

  /** Goes deeper by what needs as much stack as {@code levels} evaluations. */
  void enter(int levels) {
    depth += levels;
    if (depth > MAX_DEPTH) {
      throw TemplateException.limit("the template nests too deeply");
    }
  }

  /** Comes back from {@link #enter}. */
  void leave() {
    leave(1);
  }

  /** Comes back from {@link #enter(int)}. */
  void leave(int levels) {
    depth -= levels;
  }
}
