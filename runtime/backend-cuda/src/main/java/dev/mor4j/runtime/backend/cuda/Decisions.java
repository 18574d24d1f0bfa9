package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import dev.mor4j.bindings.cuda.kernel.Outcomes;

/**
 * What the device decides about tokens on their way, and the list of those that go on. For C
 * tokens, and a bucket B that holds them:
 *
 * <pre>
 *   count int32 (16 bytes) | list int32 [B] | depths int32 [C] | gates float32 [C] | keep uint8 [C]
 * </pre>
 *
 * Owns the memory. One thread at a time.
 */
final class Decisions implements AutoCloseable {
  /** Room is made for a multiple of so many tokens. */
  private static final int STEP = 4;

  private final DeviceBuffer buffer;
  private int room;
  private int states;
  private DeviceView count;
  private DeviceView list;
  private Outcomes outcomes;

  Decisions(CudaContext context) {
    this.buffer = new DeviceBuffer(context, Element.UINT8);
  }

  /**
   * Makes room for {@code rows} tokens.
   *
   * @return whether they lie elsewhere now
   */
  boolean reserve(int rows) {
    states = Math.max(states, rows);
    if (rows <= room) {
      return false;
    }
    int wanted = Math.ceilDiv(rows, STEP) * STEP;
    Columns columns = new Columns(DeviceView.ALIGNMENT);
    Column one = columns.add(Element.INT32, 1);
    Column active = columns.add(Element.INT32, CudaWorkspace.bucket(wanted));
    Column depths = columns.add(Element.INT32, wanted);
    Column gates = columns.add(Element.F32, wanted);
    Column keep = columns.add(Element.UINT8, wanted);
    // Zero until there is memory: where there is none, the next call asks again.
    room = 0;
    buffer.reserve(columns.bytes());
    DeviceMemory memory = buffer.memory();
    count = one.view(memory);
    list = active.view(memory);
    outcomes = new Outcomes(keep.view(memory), gates.view(memory), depths.view(memory));
    room = wanted;
    return true;
  }

  /** The rows that go on. */
  DeviceRows active(int bucket) {
    return new DeviceRows(list, count, bucket, states);
  }

  /** How many rows go on. */
  DeviceView count() {
    return count;
  }

  /** Which rows go on. */
  DeviceView list() {
    return list;
  }

  /** What was decided about each token. */
  Outcomes outcomes() {
    return outcomes;
  }

  /** Enqueues that no token has taken part in anything. */
  void clearDepths(CudaStream stream) {
    stream.fill(outcomes.depths(), (byte) 0);
  }

  @Override
  public void close() {
    buffer.close();
  }
}
