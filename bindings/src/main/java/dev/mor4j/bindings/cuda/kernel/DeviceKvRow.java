package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_kv_row;
import java.lang.foreign.MemorySegment;

/**
 * Where a row finds its cache; page tables are stretches of an array of tables ({@link
 * DeviceCache}).
 *
 * <pre>
 *   0        8               16              24      28        32
 *   | pages  | overlay_pages | overlay_slots | slot  | context |
 * </pre>
 */
public final class DeviceKvRow {
  /** Bytes of an entry. */
  public static final long BYTES = Element.KV_ROW.bytes();

  private DeviceKvRow() {}

  /**
   * Writes an entry of an array in host memory.
   *
   * @param array the array, native memory aligned to 8 bytes
   * @param index which entry
   * @param pages index in tables of the address of page 0
   * @param overlayPages the same of its overlay, -1 for none
   * @param overlaySlots index in tables, counted in int32, of the overlay's entries, or -1
   * @param slot entry that the row writes, -1 for none
   * @param context entries that it attends to, itself included
   */
  public static void write(
      MemorySegment array,
      long index,
      long pages,
      long overlayPages,
      long overlaySlots,
      int slot,
      int context) {
    MemorySegment target = mor4j_cuda_kv_row.asSlice(array, index);
    mor4j_cuda_kv_row.pages(target, pages);
    mor4j_cuda_kv_row.overlay_pages(target, overlayPages);
    mor4j_cuda_kv_row.overlay_slots(target, overlaySlots);
    mor4j_cuda_kv_row.slot(target, slot);
    mor4j_cuda_kv_row.context(target, context);
  }
}
