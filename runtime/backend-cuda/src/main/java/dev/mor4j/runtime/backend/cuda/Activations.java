package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaKernels;

/**
 * What the rows of one pass need between its operations, in device memory, at addresses that do not
 * change while the workspace lives. T is the number type of the shape.
 *
 * <pre>
 *   y float32 [P, H] | normed T [P, H] | qkv T [P, (NH + 2 NKV) DH] | attended T [P, NH DH] | result T [P, H]
 *   | gateUp T [P, 2F] | activated T [P, F] | z float32 [P, outs] | decisions float32 [P, outs]
 *   | inner float32 [P, inner] | partials float32 | done uint32 [P, NH]
 * </pre>
 */
final class Activations implements AutoCloseable {
  /**
   * Parts that a row's context is divided into; the same for every pass, so that a row's sums do
   * not depend on those beside it.
   */
  static final int SPLITS = 16;

  /** Passes of more rows attend by the kernel for prompts. */
  static final int MOST_DECODE_ROWS = 1024;

  private static final long ALIGNMENT = 256;

  final long y;
  final long normed;
  final long qkv;
  final long attended;
  final long result;
  final long gateUp;
  final long activated;
  final long z;
  final long decisions;
  final long inner;
  final long partials;
  final long done;

  private final DeviceBuffer buffer;
  private long end;

  /**
   * @param rows P, a bucket
   */
  Activations(DeviceQueue queue, DeviceShape shape, int rows) {
    long number = rows * (long) shape.type().bytes();
    long wide = rows * (long) Float.BYTES;
    int decodeRows = Math.min(rows, MOST_DECODE_ROWS);
    int heads = shape.sizes().heads();
    long partialFloats =
        CudaKernels.partialFloats(decodeRows, heads, shape.sizes().headDim(), SPLITS);
    long[] bytes = {
      wide * shape.hidden(),
      number * shape.hidden(),
      number * shape.qkv(),
      number * shape.queries(),
      number * shape.hidden(),
      number * 2 * shape.intermediate(),
      number * shape.intermediate(),
      wide * shape.outs(),
      wide * shape.outs(),
      wide * shape.inner(),
      partialFloats * Float.BYTES,
      (long) decodeRows * heads * Integer.BYTES
    };
    for (long part : bytes) {
      end += aligned(part);
    }
    this.buffer = new DeviceBuffer(queue.context());
    buffer.reserve(end);
    end = buffer.address();
    y = next(bytes[0]);
    normed = next(bytes[1]);
    qkv = next(bytes[2]);
    attended = next(bytes[3]);
    result = next(bytes[4]);
    gateUp = next(bytes[5]);
    activated = next(bytes[6]);
    z = next(bytes[7]);
    decisions = next(bytes[8]);
    inner = next(bytes[9]);
    partials = next(bytes[10]);
    done = next(bytes[11]);
    // Attention counts up from there, and back.
    try {
      queue.run(stream -> stream.fill(done, (byte) 0, bytes[11]));
    } catch (RuntimeException e) {
      buffer.close();
      throw e;
    }
  }

  private static long aligned(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  private long next(long bytes) {
    long address = end;
    end += aligned(bytes);
    return address;
  }

  @Override
  public void close() {
    buffer.close();
  }
}
