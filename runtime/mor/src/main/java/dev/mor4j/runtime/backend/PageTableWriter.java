package dev.mor4j.runtime.backend;

import dev.mor4j.runtime.cache.KvCache;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Writes the page tables of a pass's caches, each once for a run of rows that share it, and says
 * where the row that was written last finds its own. A table is a stretch of 64-bit page addresses.
 * The places of an overlay are 32-bit numbers in a stretch that begins at a multiple of 8 bytes.
 *
 * <p>Allocated once and used for every pass. One thread at a time.
 */
public final class PageTableWriter {
  /** What there is where a row has no overlay. */
  public static final long NONE = -1;

  private long end;
  private long pages;
  private long overlayPages;
  private long overlaySlots;

  /** Bytes of the tables of {@code pass}; overlays count only where the layers use them. */
  public static long bytes(RowPass pass, boolean overlay) {
    long bytes = 0;
    for (int i = 0; i < pass.rows; i++) {
      if (!sharesTables(pass, i)) {
        bytes += (long) Long.BYTES * pass.base[i].pageCount();
        if (overlay && pass.overlay[i] != null) {
          bytes +=
              (long) Long.BYTES * pass.overlay[i].pageCount() + slotBytes(pass.overlaySlots[i]);
        }
      }
    }
    return bytes;
  }

  private static long slotBytes(int[] slots) {
    return Math.ceilDiv(slots.length, 2) * (long) Long.BYTES;
  }

  /** Whether row {@code i} has the caches of the row before it. */
  public static boolean sharesTables(RowPass pass, int i) {
    return i > 0 && pass.base[i] == pass.base[i - 1] && pass.overlay[i] == pass.overlay[i - 1];
  }

  /** The next table is written from byte {@code at} on, a multiple of 8. */
  public void begin(long at) {
    end = at;
    pages = NONE;
    overlayPages = NONE;
    overlaySlots = NONE;
  }

  /**
   * Writes the tables of row {@code i}, after those of the rows before it, unless it shares them.
   */
  public void write(RowPass pass, int i, boolean overlay, MemorySegment tables) {
    if (sharesTables(pass, i)) {
      return;
    }
    pages = writeTable(pass.base[i], tables);
    overlayPages = NONE;
    overlaySlots = NONE;
    if (overlay && pass.overlay[i] != null) {
      overlayPages = writeTable(pass.overlay[i], tables);
      overlaySlots = end;
      int[] slots = pass.overlaySlots[i];
      MemorySegment.copy(slots, 0, tables, ValueLayout.JAVA_INT, end, slots.length);
      end += slotBytes(slots);
    }
  }

  private long writeTable(KvCache cache, MemorySegment tables) {
    long at = end;
    int count = cache.pageCount();
    MemorySegment.copy(cache.pageAddresses(), 0, tables, ValueLayout.JAVA_LONG, at, count);
    end += (long) Long.BYTES * count;
    return at;
  }

  /** The byte where the table of the row's pages begins. */
  public long pages() {
    return pages;
  }

  /** The byte where the table of its overlay's pages begins, or {@link #NONE}. */
  public long overlayPages() {
    return overlayPages;
  }

  /** The byte where the places of its overlay begin, or {@link #NONE}. */
  public long overlaySlots() {
    return overlaySlots;
  }

  /** The byte behind everything that was written. */
  public long end() {
    return end;
  }
}
