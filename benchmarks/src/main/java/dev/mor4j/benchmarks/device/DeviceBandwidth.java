package dev.mor4j.benchmarks.device;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaEvent;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.PinnedMemory;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * What the device's memory gives: copies inside it, of random numbers, timed by events on the
 * device; bytes read and bytes written both count.
 */
final class DeviceBandwidth {
  private static final int COPIES = 20;
  private static final int WARM_UP = 3;
  private static final long SEED = 3;
  private static final long PIECE_BYTES = 1L << 20;

  private DeviceBandwidth() {}

  /** Bytes a second, the median of copies of {@code bytes}, a multiple of 1 MiB. */
  static double measure(long bytes) {
    try (CudaContext context = new CudaContext(0);
        CudaStream stream = context.createStream();
        CudaEvent start = context.createEvent();
        CudaEvent end = context.createEvent();
        DeviceMemory from = context.allocate(bytes);
        DeviceMemory to = context.allocate(bytes)) {
      fill(context, stream, from);
      double[] seconds = new double[COPIES];
      for (int i = -WARM_UP; i < COPIES; i++) {
        stream.record(start);
        stream.copyOnDevice(from, 0, to, 0, bytes);
        stream.record(end);
        double milliseconds = end.millisecondsSince(start);
        if (i >= 0) {
          seconds[i] = milliseconds / 1e3;
        }
      }
      Arrays.sort(seconds);
      return 2.0 * bytes / seconds[COPIES / 2];
    }
  }

  /** Zeros could be copied faster than what models hold. */
  private static void fill(CudaContext context, CudaStream stream, DeviceMemory memory) {
    try (PinnedMemory random = context.allocatePinned(PIECE_BYTES)) {
      SplittableRandom source = new SplittableRandom(SEED);
      for (long i = 0; i < PIECE_BYTES / Long.BYTES; i++) {
        random.segment().setAtIndex(ValueLayout.JAVA_LONG, i, source.nextLong());
      }
      for (long at = 0; at < memory.byteSize(); at += PIECE_BYTES) {
        stream.copyToDevice(random, 0, memory, at, PIECE_BYTES);
      }
      stream.synchronize();
    }
  }
}
