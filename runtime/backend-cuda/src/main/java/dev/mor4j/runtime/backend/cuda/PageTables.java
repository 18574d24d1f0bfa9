package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.cache.KvCache;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Writes the page tables of a pass's caches, each once for a run of rows that share it, and points
 * the rows to them. A table is a stretch of 64-bit page addresses; places of an overlay are 32-bit
 * numbers in stretches that begin at a multiple of 8 bytes.
 */
final class PageTables {
  /** Kinds of rows: the one of a text that has one row, and those of prompts. */
  static final byte TEXT = 0;

  static final byte PROMPT = 1;

  /** Rows of one sequence side by side from which on they are attended to together. */
  private static final int LEAST_PROMPT = 8;

  private PageTables() {}

  /** Bytes of the tables of {@code pass}. */
  static long bytes(RowPass pass, boolean overlay) {
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

  /**
   * Describes cache {@code index} of the rows of {@code pass}, with tables from byte {@code begin}
   * of {@link RowTables#pageTables()} on.
   *
   * @return where they end
   */
  static long describe(RowPass pass, boolean overlay, int index, long begin, RowTables to) {
    MemorySegment tables = to.pageTables();
    long base = 0;
    long overlayPages = -1;
    long overlaySlots = -1;
    long at = begin;
    for (int i = 0; i < pass.rows; i++) {
      if (!sharesTables(pass, i)) {
        base = at / Long.BYTES;
        at = writeTable(pass.base[i], tables, at);
        overlayPages = -1;
        overlaySlots = -1;
        if (overlay && pass.overlay[i] != null) {
          overlayPages = at / Long.BYTES;
          at = writeTable(pass.overlay[i], tables, at);
          overlaySlots = at / Integer.BYTES;
          int[] slots = pass.overlaySlots[i];
          MemorySegment.copy(slots, 0, tables, ValueLayout.JAVA_INT, at, slots.length);
          at += slotBytes(slots);
        }
      }
      to.cache(
          index,
          pass.stateRow[i],
          base,
          overlayPages,
          overlaySlots,
          pass.slots[i],
          pass.contexts[i]);
    }
    return at;
  }

  /** Whether row {@code i} has the caches of the row before it. */
  private static boolean sharesTables(RowPass pass, int i) {
    return i > 0 && pass.base[i] == pass.base[i - 1] && pass.overlay[i] == pass.overlay[i - 1];
  }

  private static long writeTable(KvCache cache, MemorySegment tables, long at) {
    int pages = cache.pageCount();
    MemorySegment.copy(cache.pageAddresses(), 0, tables, ValueLayout.JAVA_LONG, at, pages);
    return at + (long) Long.BYTES * pages;
  }

  /**
   * Says of each row whether it stands beside many of its sequence, as those of a prompt do. Rows
   * of a sequence are side by side in every pass.
   */
  static LayerLaunches.Prompts describeKinds(RowPass pass, RowTables to) {
    int prompts = 0;
    boolean apart = true;
    int begin = 0;
    for (int i = 1; i <= pass.rows; i++) {
      if (i == pass.rows || !sharesTables(pass, i)) {
        byte kind = i - begin >= LEAST_PROMPT ? PROMPT : TEXT;
        prompts += kind == PROMPT ? i - begin : 0;
        apart &= i - begin == 1;
        for (; begin < i; begin++) {
          to.kind(pass.stateRow[begin], kind);
        }
      }
    }
    if (prompts == pass.rows || pass.rows > Activations.MOST_DECODE_ROWS) {
      return LayerLaunches.Prompts.ALL;
    }
    if (prompts > 0) {
      return LayerLaunches.Prompts.SOME;
    }
    return apart ? LayerLaunches.Prompts.NONE : LayerLaunches.Prompts.SHORT;
  }
}
