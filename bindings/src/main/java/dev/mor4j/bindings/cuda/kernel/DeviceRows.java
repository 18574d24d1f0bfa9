package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_rows;
import java.lang.foreign.MemorySegment;

/**
 * The rows of a pass, in device memory. Rows from the count on are not touched, so one launch
 * serves any number up to the bucket.
 *
 * @param list int32 [bucket], distinct state rows
 * @param count int32 [1], how many there are
 * @param bucket rows that the launch has room for
 */
public record DeviceRows(long list, long count, int bucket) {
  /** Writes the C structure. */
  void write(MemorySegment target) {
    mor4j_cuda_rows.list(target, Pointers.of(list));
    mor4j_cuda_rows.count(target, Pointers.of(count));
    mor4j_cuda_rows.bucket(target, bucket);
    mor4j_cuda_rows.reserved(target, 0);
  }
}
