package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.Element;

/** Lays out the arrays of a buffer, one behind the other, each from a multiple of some bytes on. */
final class Columns {
  private final long alignment;
  private long end;

  /**
   * @param alignment bytes that the beginning of each array is a multiple of
   */
  Columns(long alignment) {
    this.alignment = alignment;
  }

  /** The next array. */
  Column add(Element element, long count) {
    Column column = new Column(element, end, count);
    end = Math.ceilDiv(column.at(count), alignment) * alignment;
    return column;
  }

  /** Bytes of all arrays, which is where the next one would begin. */
  long bytes() {
    return end;
  }
}
