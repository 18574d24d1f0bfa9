package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_sampling;
import java.lang.foreign.MemorySegment;

/**
 * How a row's next token is chosen, in an array with one for each row.
 *
 * <pre>
 *   0      8             16      24        32      36         40
 *   | draw | temperature | top_p | min_log | top_k | reserved |
 * </pre>
 */
public final class DeviceSampling {
  /** Bytes of an entry. */
  public static final long BYTES = Element.SAMPLING.bytes();

  private DeviceSampling() {}

  /**
   * Writes an entry of an array in host memory.
   *
   * @param array the array, native memory aligned to 8 bytes
   * @param index which entry
   * @param draw what the noise of the position comes from
   * @param temperature 0: the likeliest
   * @param topP 1: all
   * @param minLog natural logarithm of min-p; -infinity: all
   * @param topK 0: all
   */
  public static void write(
      MemorySegment array,
      long index,
      long draw,
      double temperature,
      double topP,
      double minLog,
      int topK) {
    MemorySegment target = mor4j_cuda_sampling.asSlice(array, index);
    mor4j_cuda_sampling.draw(target, draw);
    mor4j_cuda_sampling.temperature(target, temperature);
    mor4j_cuda_sampling.top_p(target, topP);
    mor4j_cuda_sampling.min_log(target, minLog);
    mor4j_cuda_sampling.top_k(target, topK);
    mor4j_cuda_sampling.reserved(target, 0);
  }
}
