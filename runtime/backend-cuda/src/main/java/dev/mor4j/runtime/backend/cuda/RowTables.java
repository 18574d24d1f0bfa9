package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.kernel.DeviceKvRow;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the host says about the rows of a pass. It is written into pinned memory and copied to the
 * device as a whole, so that kernels find it in the same place in every pass. For C state rows,
 * passes of up to P rows, and the bucket B that holds P:
 *
 * <pre>
 *   count int32 (16 bytes) | list int32 [B] | ids int32 [C] | gates float32 [C] | positions int32 [C]
 *   | logitThresholds float64 [C] | maxRecursions int32 [C] | kinds uint8 [C]
 *   | kv mor4j_cuda_kv_row [caches][C] | tables uint64 [..]
 * </pre>
 *
 * each part aligned to 16 bytes. The addresses of pages in {@code tables} are data like any other:
 * whoever lends a page keeps it until the pass is done. There are two pinned copies, so that the
 * next pass is described while the one before is on its way. Owns pinned and device memory. One
 * thread at a time.
 */
final class RowTables implements AutoCloseable {
  /** How much of it a pass needs. */
  enum Part {
    LIST,
    IDS,
    GATES,
    ROUTING,
    ONE_CACHE,
    ALL_CACHES
  }

  private final int passRows;
  private final int caches;
  private final PinnedBuffer[] copies;
  private final DeviceBuffer device;
  private int current;
  private int states;
  private RowColumns columns;
  private RowViews views;

  /**
   * @param passRows P
   * @param caches caches of a row that one pass describes at most
   */
  RowTables(DeviceQueue queue, int passRows, int caches) {
    this.passRows = passRows;
    this.caches = caches;
    this.copies = new PinnedBuffer[] {new PinnedBuffer(queue), new PinnedBuffer(queue)};
    this.device = new DeviceBuffer(queue.context(), Element.UINT8);
    this.columns = new RowColumns(CudaWorkspace.bucket(passRows), 0, caches, 0);
  }

  /**
   * Makes room for {@code rows} state rows and {@code bytes} bytes of page tables, a multiple of 8.
   *
   * @return whether they lie elsewhere now
   */
  boolean reserve(int rows, long bytes) {
    long tableBytes = columns.tableBytes();
    if (rows <= states && bytes <= tableBytes) {
      return false;
    }
    int wantedStates = Math.max(states, rows);
    long wantedBytes = bytes <= tableBytes ? tableBytes : Math.max(bytes, tableBytes / 2 * 3);
    int bucket = CudaWorkspace.bucket(passRows);
    // Zero until there is memory: where there is none, the next call asks again.
    states = 0;
    columns = new RowColumns(bucket, 0, caches, 0);
    RowColumns wanted =
        new RowColumns(bucket, wantedStates, caches, wantedBytes / Element.UINT64.bytes());
    device.reserve(wanted.bytes());
    views = new RowViews(wanted, device.memory());
    columns = wanted;
    states = wantedStates;
    return true;
  }

  /** Begins a description, once the device has read the one before the last. */
  void begin() {
    current = 1 - current;
    copies[current].await();
    copies[current].reserve(columns.bytes());
  }

  private MemorySegment host() {
    return copies[current].segment();
  }

  /** The rows of the pass: {@code stateRows[from ..]}. */
  void rows(int[] stateRows, int from, int count) {
    host().set(ValueLayout.JAVA_INT, columns.count.offset(), count);
    MemorySegment.copy(stateRows, from, host(), ValueLayout.JAVA_INT, columns.list.offset(), count);
  }

  void id(int row, int id) {
    host().set(ValueLayout.JAVA_INT, columns.ids.at(row), id);
  }

  void gate(int row, float gate) {
    host().set(ValueLayout.JAVA_FLOAT, columns.gates.at(row), gate);
  }

  void position(int row, int position) {
    host().set(ValueLayout.JAVA_INT, columns.positions.at(row), position);
  }

  void routing(int row, double logitThreshold, int most) {
    host().set(ValueLayout.JAVA_DOUBLE, columns.logitThresholds.at(row), logitThreshold);
    host().set(ValueLayout.JAVA_INT, columns.maxRecursions.at(row), most);
  }

  void kind(int row, byte kind) {
    host().set(ValueLayout.JAVA_BYTE, columns.kinds.at(row), kind);
  }

  void cache(
      int index, int row, long pages, long overlayPages, long overlaySlots, int slot, int context) {
    Column column = columns.kv[index];
    MemorySegment rows = host().asSlice(column.offset(), column.count() * DeviceKvRow.BYTES);
    DeviceKvRow.write(rows, row, pages, overlayPages, overlaySlots, slot, context);
  }

  /** The page tables, to be filled: 64-bit addresses of pages, 32-bit places of overlays. */
  MemorySegment pageTables() {
    return host().asSlice(columns.tables.offset(), columns.tableBytes());
  }

  /** Enqueues the copy of what was described. */
  void send(CudaStream stream, Part part, long usedTableBytes) {
    PinnedBuffer from = copies[current];
    long bytes =
        switch (part) {
          case LIST -> columns.ids.offset();
          case IDS -> columns.gates.offset();
          case GATES -> columns.positions.offset();
          case ROUTING -> columns.kinds.offset();
          case ONE_CACHE -> columns.endOfCache(0);
          case ALL_CACHES -> columns.tables.offset();
        };
    stream.copyToDevice(from.memory(), 0, device.memory(), 0, bytes);
    if (usedTableBytes > 0) {
      long tables = columns.tables.offset();
      stream.copyToDevice(from.memory(), tables, device.memory(), tables, usedTableBytes);
    }
    from.usedBy(stream);
  }

  /** The rows of the pass, as kernels take them. */
  DeviceRows rows(int bucket) {
    return new DeviceRows(views.list, views.count, bucket, states);
  }

  /** What was described, on the device. */
  RowViews views() {
    return views;
  }

  @Override
  public void close() {
    for (PinnedBuffer copy : copies) {
      copy.close();
    }
    device.close();
  }
}
