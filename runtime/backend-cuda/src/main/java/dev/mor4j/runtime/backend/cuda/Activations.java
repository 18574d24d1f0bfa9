package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.kernel.Attention;
import dev.mor4j.bindings.cuda.kernel.CudaKernels;

/**
 * What the rows of one pass need between its operations, in device memory that stays the same while
 * the workspace lives. T is the number type of the shape.
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

  /** Passes of more rows use the attention kernel for prompts. */
  static final int MOST_DECODE_ROWS = 1024;

  private static final long ALIGNMENT = 256;

  final DeviceView y;
  final DeviceView normed;
  final DeviceView qkv;
  final DeviceView attended;
  final DeviceView result;
  final DeviceView gateUp;
  final DeviceView activated;
  final DeviceView z;
  final DeviceView decisions;
  final DeviceView inner;
  final Attention.Split split;

  private final DeviceBuffer buffer;

  /**
   * @param rows P, a bucket
   */
  Activations(DeviceQueue queue, DeviceShape shape, int rows) {
    Element type = shape.type().element();
    long all = rows;
    int decodeRows = Math.min(rows, MOST_DECODE_ROWS);
    int heads = shape.sizes().heads();
    Columns columns = new Columns(ALIGNMENT);
    Column sums = columns.add(Element.F32, all * shape.hidden());
    Column norms = columns.add(type, all * shape.hidden());
    Column inputs = columns.add(type, all * shape.qkv());
    Column outputs = columns.add(type, all * shape.queries());
    Column results = columns.add(type, all * shape.hidden());
    Column gates = columns.add(type, all * 2 * shape.intermediate());
    Column products = columns.add(type, all * shape.intermediate());
    Column scores = columns.add(Element.F32, all * shape.outs());
    Column deciding = columns.add(Element.F32, all * shape.outs());
    Column hiddenLayer = columns.add(Element.F32, all * shape.inner());
    Column partials =
        columns.add(
            Element.F32,
            CudaKernels.partialFloats(decodeRows, heads, shape.sizes().headDim(), SPLITS));
    Column done = columns.add(Element.UINT32, (long) decodeRows * heads);
    this.buffer = new DeviceBuffer(queue.context(), Element.UINT8);
    buffer.reserve(columns.bytes());
    DeviceMemory memory = buffer.memory();
    y = sums.view(memory);
    normed = norms.view(memory);
    qkv = inputs.view(memory);
    attended = outputs.view(memory);
    result = results.view(memory);
    gateUp = gates.view(memory);
    activated = products.view(memory);
    z = scores.view(memory);
    decisions = deciding.view(memory);
    inner = hiddenLayer.view(memory);
    split = new Attention.Split(partials.view(memory), done.view(memory), SPLITS);
    // Attention counts up from 0 in it, and leaves 0 behind.
    try {
      queue.run(stream -> stream.fill(split.done(), (byte) 0));
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
  }

  @Override
  public void close() {
    buffer.close();
  }
}
