package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_rows;
import java.lang.foreign.MemorySegment;

/**
 * The rows of a pass, in device memory. Rows from the count on are not touched, so one launch
 * serves any number up to the bucket.
 *
 * @param list int32 [bucket], distinct state rows
 * @param count int32 [1], how many there are
 * @param bucket rows that the launch has room for
 * @param states state rows that there are: what arrays [states] of the launch have to hold
 */
public record DeviceRows(DeviceView list, DeviceView count, int bucket, int states) {
  /** Writes the C structure. */
  void write(Operation operation, MemorySegment target) {
    mor4j_cuda_rows.list(target, list.pointer(operation, "rows.list", Element.INT32, bucket));
    mor4j_cuda_rows.count(target, count.pointer(operation, "rows.count", Element.INT32, 1));
    mor4j_cuda_rows.bucket(target, bucket);
    mor4j_cuda_rows.reserved(target, 0);
  }
}
