package dev.mor4j.runtime.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.DeviceKvRow;
import org.junit.jupiter.api.Test;

class RowTablesTest {
  private static final int PASS_ROWS = 7;
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
        assertRoom(tables, rows);
      }
    }
  }

  private static void assertRoom(RowTables tables, int rows) {
    long[] addresses = {
      tables.listAddress(),
      tables.idsAddress(),
      tables.gatesAddress(),
      tables.positionsAddress(),
      tables.thresholdsAddress(),
      tables.maxRecursionsAddress(),
      tables.kindsAddress(),
      tables.cacheAddress(0),
      tables.cacheAddress(1),
      tables.cacheAddress(2),
      tables.tablesAddress()
    };
    long[] sizes = {
      PASS_ROWS * 4L,
      rows * 4L,
      rows * 4L,
      rows * 4L,
      rows * 8L,
      rows * 4L,
      rows,
      rows * DeviceKvRow.BYTES,
      rows * DeviceKvRow.BYTES,
      rows * DeviceKvRow.BYTES
    };
    for (int i = 0; i < sizes.length; i++) {
      assertThat(addresses[i]).as("part %s of %s rows", i, rows).isEqualTo(addresses[i] / 16 * 16);
      assertThat(addresses[i + 1] - addresses[i])
          .as("room of part %s for %s rows", i, rows)
          .isGreaterThanOrEqualTo(sizes[i]);
    }
  }
}
