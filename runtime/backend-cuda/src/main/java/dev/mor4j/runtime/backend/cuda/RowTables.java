package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceKvRow;
import dev.mor4j.bindings.cuda.DeviceRows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What the host says about the rows of a pass: written into pinned memory, copied to the device as
 * a whole, so that kernels find it at addresses that do not change from pass to pass. For C state
 * rows and passes of up to P:
 *
 * <pre>
 *   count int32 (16 bytes) | list int32 [P] | ids int32 [C] | gates float32 [C] | positions int32 [C]
 *   | thresholds float64 [C] | maxRecursions int32 [C] | kinds uint8 [C]
 *   | kv mor4j_cuda_kv_row [caches][C] | tables uint64 [..]
 * </pre>
 *
 * each part aligned to 16 bytes. There are two pinned copies, so that the next pass is described
 * while the one before is on its way. Owns pinned and device memory. One thread at a time.
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

  private static final int ALIGNMENT = 16;

  private final int passRows;
  private final int caches;
  private final PinnedBuffer[] copies;
  private final DeviceBuffer device;
  private int current;
  private int states;
  private long tableBytes;

  private long ids;
  private long gates;
  private long positions;
  private long thresholds;
  private long maxRecursions;
  private long kinds;
  private long kv;
  private long kvBytes;
  private long tables;

  /**
   * @param passRows P
   * @param caches caches of a row that one pass describes at most
   */
  RowTables(DeviceQueue queue, int passRows, int caches) {
    this.passRows = passRows;
    this.caches = caches;
    this.copies = new PinnedBuffer[] {new PinnedBuffer(queue), new PinnedBuffer(queue)};
    this.device = new DeviceBuffer(queue.context());
  }

  /**
   * Makes room for {@code rows} state rows and {@code bytes} bytes of page tables.
   *
   * @return whether addresses have changed
   */
  boolean reserve(int rows, long bytes) {
    if (rows <= states && bytes <= tableBytes) {
      return false;
    }
    int wantedStates = Math.max(states, rows);
    long wantedBytes = bytes <= tableBytes ? tableBytes : Math.max(bytes, tableBytes / 2 * 3);
    layOut(wantedStates);
    // Zero until there is memory: where there is none, the next call asks again.
    states = 0;
    tableBytes = 0;
    device.reserve(tables + wantedBytes);
    states = wantedStates;
    tableBytes = wantedBytes;
    return true;
  }

  private void layOut(int rows) {
    ids = aligned(ALIGNMENT + (long) passRows * Integer.BYTES);
    long column = aligned((long) rows * Integer.BYTES);
    gates = ids + column;
    positions = gates + column;
    thresholds = positions + column;
    maxRecursions = thresholds + aligned((long) rows * Double.BYTES);
    kinds = maxRecursions + column;
    kv = kinds + aligned(rows);
    kvBytes = aligned((long) rows * DeviceKvRow.BYTES);
    tables = kv + kvBytes * caches;
  }

  private static long aligned(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  /** Begins a description, once the device has read the one before the last. */
  void begin() {
    current = 1 - current;
    copies[current].await();
    copies[current].reserve(tables + tableBytes);
  }

  private MemorySegment host() {
    return copies[current].segment();
  }

  /** The rows of the pass: {@code stateRows[from ..]}. */
  void rows(int[] stateRows, int from, int count) {
    host().set(ValueLayout.JAVA_INT, 0, count);
    MemorySegment.copy(stateRows, from, host(), ValueLayout.JAVA_INT, ALIGNMENT, count);
  }

  void id(int row, int id) {
    host().set(ValueLayout.JAVA_INT, ids + (long) row * Integer.BYTES, id);
  }

  void gate(int row, float gate) {
    host().set(ValueLayout.JAVA_FLOAT, gates + (long) row * Float.BYTES, gate);
  }

  void position(int row, int position) {
    host().set(ValueLayout.JAVA_INT, positions + (long) row * Integer.BYTES, position);
  }

  void routing(int row, double threshold, int most) {
    host().set(ValueLayout.JAVA_DOUBLE, thresholds + (long) row * Double.BYTES, threshold);
    host().set(ValueLayout.JAVA_INT, maxRecursions + (long) row * Integer.BYTES, most);
  }

  void kind(int row, byte kind) {
    host().set(ValueLayout.JAVA_BYTE, kinds + row, kind);
  }

  void cache(
      int index, int row, long pages, long overlayPages, long overlaySlots, int slot, int context) {
    MemorySegment rows = host().asSlice(kv + index * kvBytes, kvBytes);
    DeviceKvRow.write(rows, row, pages, overlayPages, overlaySlots, slot, context);
  }

  /** The page tables, to be filled: 64-bit addresses of pages, 32-bit places of overlays. */
  MemorySegment pageTables() {
    return host().asSlice(tables, tableBytes);
  }

  /** Enqueues the copy of what was described. */
  void send(CudaStream stream, Part part, long usedTableBytes) {
    PinnedBuffer from = copies[current];
    long bytes =
        switch (part) {
          case LIST -> ids;
          case IDS -> gates;
          case GATES -> positions;
          case ROUTING -> kinds;
          case ONE_CACHE -> kv + kvBytes;
          case ALL_CACHES -> tables;
        };
    stream.copyToDevice(from.memory(), 0, device.memory(), 0, bytes);
    if (usedTableBytes > 0) {
      stream.copyToDevice(from.memory(), tables, device.memory(), tables, usedTableBytes);
    }
    from.usedBy(stream);
  }

  /** The rows of the pass, as kernels take them. */
  DeviceRows rows(int bucket) {
    return new DeviceRows(device.address() + ALIGNMENT, device.address(), bucket);
  }

  long listAddress() {
    return device.address() + ALIGNMENT;
  }

  long idsAddress() {
    return device.address() + ids;
  }

  long gatesAddress() {
    return device.address() + gates;
  }

  long positionsAddress() {
    return device.address() + positions;
  }

  long thresholdsAddress() {
    return device.address() + thresholds;
  }

  long maxRecursionsAddress() {
    return device.address() + maxRecursions;
  }

  long kindsAddress() {
    return device.address() + kinds;
  }

  long cacheAddress(int index) {
    return device.address() + kv + index * kvBytes;
  }

  long tablesAddress() {
    return device.address() + tables;
  }

  @Override
  public void close() {
    for (PinnedBuffer copy : copies) {
      copy.close();
    }
    device.close();
  }
}
