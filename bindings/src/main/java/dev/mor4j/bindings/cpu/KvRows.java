package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.mor4j_kv_row;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where each row of a pass finds its cache: an array of {@code mor4j_kv_row}, filled anew for each
 * pass. Lives in the arena it was made in; one thread at a time.
 *
 * <pre>
 *   0        8               16              24      32        40
 *   | pages  | overlay_pages | overlay_slots | slot  | context |
 * </pre>
 */
public final class KvRows {
  private final MemorySegment rows;

  /** One view a row, made once: a pass fills its rows without allocating. */
  private final MemorySegment[] views;

  public KvRows(Arena arena, int capacity) {
    this.rows = mor4j_kv_row.allocateArray(capacity, arena);
    this.views = new MemorySegment[capacity];
    for (int i = 0; i < capacity; i++) {
      views[i] = mor4j_kv_row.asSlice(rows, i);
    }
  }

  /**
   * Describes row {@code row}. Memory is named by its address, so that tables that lie one after
   * the other need no views; 0 for none. The caller keeps it alive while the pass runs.
   *
   * @param pages page table: addresses as 64-bit numbers, in native memory
   * @param overlayPages the same of the overlay
   * @param overlaySlots int32 for each position
   * @param slot entry that the row writes, -1 for none
   * @param context entries that it attends to
   */
  public void set(
      int row, long pages, long overlayPages, long overlaySlots, long slot, long context) {
    MemorySegment target = views[row];
    target.set(ValueLayout.JAVA_LONG, mor4j_kv_row.pages$offset(), pages);
    target.set(ValueLayout.JAVA_LONG, mor4j_kv_row.overlay_pages$offset(), overlayPages);
    target.set(ValueLayout.JAVA_LONG, mor4j_kv_row.overlay_slots$offset(), overlaySlots);
    mor4j_kv_row.slot(target, slot);
    mor4j_kv_row.context(target, context);
  }

  MemorySegment segment() {
    return rows;
  }
}
