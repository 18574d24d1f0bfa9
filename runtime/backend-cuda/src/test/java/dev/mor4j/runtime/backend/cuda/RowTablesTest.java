package dev.mor4j.runtime.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import org.junit.jupiter.api.Test;

class RowTablesTest {
  private static final int PASS_ROWS = 7;

  /** The bucket of passes of that many rows. */
  private static final int BUCKET = 8;

  private static final int CACHES = 3;

  @Test
  void partsHaveRoomForTheirRowsAndDoNotOverlap() {
    try (CudaContext context = new CudaContext(0);
        DeviceQueue queue = new DeviceQueue(context);
        RowTables tables = new RowTables(queue, PASS_ROWS, CACHES)) {
      long bytes = 8;
      for (int rows : new int[] {1, 3, 16, 17, 100, 5000}) {
        bytes *= 3;
        assertThat(tables.reserve(rows, bytes)).isTrue();
        assertThat(tables.reserve(rows, bytes)).isFalse();
        assertRoom(tables, rows, bytes);
      }
    }
  }

  private static void assertRoom(RowTables tables, int rows, long bytes) {
    RowViews views = tables.views();
    DeviceRows list = tables.rows(BUCKET);
    DeviceView[] parts = {
      list.count(),
      list.list(),
      views.ids,
      views.gates,
      views.positions,
      views.limits.logitThresholds(),
      views.limits.maxRecursions(),
      views.kinds,
      views.kv(0),
      views.kv(1),
      views.kv(2),
      views.tables
    };
    assertThat(list.states()).isEqualTo(rows);
    long end = 0;
    for (int i = 0; i < parts.length; i++) {
      long least =
          switch (i) {
            case 0 -> 1;
            case 1 -> BUCKET;
            case 11 -> bytes / Long.BYTES;
            default -> rows;
          };
      assertThat(parts[i].count()).as("part %s of %s rows", i, rows).isGreaterThanOrEqualTo(least);
      assertThat(parts[i].offset()).as("part %s of %s rows", i, rows).isGreaterThanOrEqualTo(end);
      assertThat(parts[i].owner()).isSameAs(views.tables.owner());
      end = parts[i].offset() + parts[i].bytes();
    }
    assertThat(end).isLessThanOrEqualTo(views.tables.owner().byteSize());
  }
}
