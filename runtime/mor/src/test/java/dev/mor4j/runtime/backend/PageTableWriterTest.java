package dev.mor4j.runtime.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.cache.KvCache;
import dev.mor4j.runtime.cache.KvPagePool;
import dev.mor4j.runtime.kv.KvPageLayout;
import dev.mor4j.runtime.memory.HostPageMemory;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PageTableWriterTest {
  private final PageTableWriter writer = new PageTableWriter();

  private static RowPass pass(KvCache[] base, KvCache[] overlay, int[][] slots) {
    RowPass pass = new RowPass(base.length);
    pass.rows = base.length;
    System.arraycopy(base, 0, pass.base, 0, base.length);
    System.arraycopy(overlay, 0, pass.overlay, 0, base.length);
    System.arraycopy(slots, 0, pass.overlaySlots, 0, base.length);
    return pass;
  }

  private static long[] addresses(KvCache cache) {
    return Arrays.copyOf(cache.pageAddresses(), cache.pageCount());
  }

  private static long[] longs(MemorySegment tables, long at, int count) {
    return tables.asSlice(at, (long) Long.BYTES * count).toArray(ValueLayout.JAVA_LONG);
  }

  @Test
  void tablesAreWrittenOnceForNeighboursThatShareThem() {
    try (KvPagePool pool =
            new KvPagePool(new KvPageLayout(1, 1, 8, KvCacheType.F32), HostPageMemory.INSTANCE);
        KvCache first = new KvCache(pool);
        KvCache second = new KvCache(pool);
        KvCache over = new KvCache(pool);
        Arena arena = Arena.ofConfined()) {
      first.append(2 * KvPageLayout.PAGE_TOKENS);
      second.append(1);
      over.append(KvPageLayout.PAGE_TOKENS + 1);
      int[] places = {4, -1, 6};
      RowPass pass =
          pass(
              new KvCache[] {first, first, second, second, first},
              new KvCache[] {null, null, over, over, null},
              new int[][] {null, null, places, places, null});
      MemorySegment tables = arena.allocate(1000, 8);
      // 2 pages; 1 page, 2 of the overlay, 3 places in 2 × 8 bytes; 2 pages again.
      assertThat(PageTableWriter.bytes(pass, true)).isEqualTo(8 * (2 + 1 + 2 + 2 + 2));
      assertThat(PageTableWriter.bytes(pass, false)).isEqualTo(8 * (2 + 1 + 2));
      long begin = 16;
      writer.begin(begin);
      long[][] found = new long[pass.rows][];
      for (int i = 0; i < pass.rows; i++) {
        writer.write(pass, i, true, tables);
        found[i] = new long[] {writer.pages(), writer.overlayPages(), writer.overlaySlots()};
      }
      assertThat(writer.end()).isEqualTo(begin + PageTableWriter.bytes(pass, true));
      assertThat(found)
          .isDeepEqualTo(
              new long[][] {{16, -1, -1}, {16, -1, -1}, {32, 40, 56}, {32, 40, 56}, {72, -1, -1}});
      assertThat(longs(tables, 0, 2)).containsOnly(0);
      assertThat(longs(tables, 16, 2)).isEqualTo(addresses(first));
      assertThat(longs(tables, 32, 1)).isEqualTo(addresses(second));
      assertThat(longs(tables, 40, 2)).isEqualTo(addresses(over));
      assertThat(tables.asSlice(56, 12).toArray(ValueLayout.JAVA_INT)).isEqualTo(places);
      assertThat(longs(tables, 72, 2)).isEqualTo(addresses(first));
    }
  }

  @Test
  void layersWithoutOverlaysLeaveThemOut() {
    try (KvPagePool pool =
            new KvPagePool(new KvPageLayout(1, 1, 8, KvCacheType.F32), HostPageMemory.INSTANCE);
        KvCache base = new KvCache(pool);
        KvCache over = new KvCache(pool);
        Arena arena = Arena.ofConfined()) {
      base.append(1);
      over.append(1);
      RowPass pass = pass(new KvCache[] {base}, new KvCache[] {over}, new int[][] {{0}});
      writer.begin(0);
      writer.write(pass, 0, false, arena.allocate(8, 8));
      assertThat(writer.overlayPages()).isEqualTo(PageTableWriter.NONE);
      assertThat(writer.overlaySlots()).isEqualTo(PageTableWriter.NONE);
      assertThat(writer.end()).isEqualTo(PageTableWriter.bytes(pass, false)).isEqualTo(8);
    }
  }
}
