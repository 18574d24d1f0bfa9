package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;

/** Where the parts of {@link RowTables} lie, in the host's copies and on the device. */
final class RowColumns {
  final Column count;
  final Column list;
  final Column ids;
  final Column gates;
  final Column positions;
  final Column logitThresholds;
  final Column maxRecursions;
  final Column kinds;
  final Column[] kv;
  final Column tables;

  private final long bytes;

  /**
   * @param bucket rows of the list
   * @param states C
   * @param caches caches of a row
   * @param tableEntries 64-bit entries of page tables
   */
  RowColumns(int bucket, int states, int caches, long tableEntries) {
    Columns columns = new Columns(DeviceView.ALIGNMENT);
    count = columns.add(Element.INT32, 1);
    list = columns.add(Element.INT32, bucket);
    ids = columns.add(Element.INT32, states);
    gates = columns.add(Element.F32, states);
    positions = columns.add(Element.INT32, states);
    logitThresholds = columns.add(Element.F64, states);
    maxRecursions = columns.add(Element.INT32, states);
    kinds = columns.add(Element.UINT8, states);
    kv = new Column[caches];
    for (int i = 0; i < caches; i++) {
      kv[i] = columns.add(Element.KV_ROW, states);
    }
    tables = columns.add(Element.UINT64, tableEntries);
    bytes = columns.bytes();
  }

  /** Bytes of all parts. */
  long bytes() {
    return bytes;
  }

  /** Bytes of the page tables. */
  long tableBytes() {
    return tables.count() * tables.element().bytes();
  }

  /** Where what describes cache {@code index} ends. */
  long endOfCache(int index) {
    return index + 1 < kv.length ? kv[index + 1].offset() : tables.offset();
  }
}
