package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.kernel.ExpertRule;

/** The parts of {@link RowTables} on the device; borrowed, and made when it gets its memory. */
final class RowViews {
  final DeviceView count;
  final DeviceView list;
  final DeviceView ids;
  final DeviceView gates;
  final DeviceView positions;
  final ExpertRule.Limits limits;
  final DeviceView kinds;
  final DeviceView tables;

  private final DeviceView[] kv;

  RowViews(RowColumns columns, DeviceMemory memory) {
    count = columns.count.view(memory);
    list = columns.list.view(memory);
    ids = columns.ids.view(memory);
    gates = columns.gates.view(memory);
    positions = columns.positions.view(memory);
    limits =
        new ExpertRule.Limits(
            columns.logitThresholds.view(memory), columns.maxRecursions.view(memory));
    kinds = columns.kinds.view(memory);
    tables = columns.tables.view(memory);
    kv = new DeviceView[columns.kv.length];
    for (int i = 0; i < kv.length; i++) {
      kv[i] = columns.kv[i].view(memory);
    }
  }

  /** The rows' cache {@code index} of those that a pass describes. */
  DeviceView kv(int index) {
    return kv[index];
  }
}
