package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.runtime.backend.PageTableWriter;
import dev.mor4j.runtime.backend.RowPass;
import java.lang.foreign.MemorySegment;

/**
 * Points the rows of a pass to their page tables, and says which rows stand beside others of their
 * sequence. {@link PageTableWriter} writes the tables.
 */
final class PageTables {
  /** Kinds of rows: the one of a text that has one row, and those of prompts. */
  static final byte TEXT = 0;

  static final byte PROMPT = 1;

  /** Rows of one sequence side by side from which on they are attended to together. */
  private static final int LEAST_PROMPT = 8;

  private PageTables() {}

  /**
   * Describes cache {@code index} of the rows of {@code pass}, with tables from byte {@code begin}
   * of {@link RowTables#pageTables()} on.
   *
   * @return where they end
   */
  static long describe(RowPass pass, boolean overlay, int index, long begin, RowTables to) {
    MemorySegment tables = to.pageTables();
    PageTableWriter writer = new PageTableWriter();
    writer.begin(begin);
    for (int i = 0; i < pass.rows; i++) {
      writer.write(pass, i, overlay, tables);
      to.cache(
          index,
          pass.stateRow[i],
          index(writer.pages(), Long.BYTES),
          index(writer.overlayPages(), Long.BYTES),
          index(writer.overlaySlots(), Integer.BYTES),
          pass.slots[i],
          pass.contexts[i]);
    }
    return writer.end();
  }

  /** What C takes for a part of the tables that begins at a byte: -1 where there is none. */
  private static long index(long at, int bytes) {
    return at == PageTableWriter.NONE ? -1 : at / bytes;
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
      if (i == pass.rows || !PageTableWriter.sharesTables(pass, i)) {
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
