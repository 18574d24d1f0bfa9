package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaKernels;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceMatrix;
import dev.mor4j.bindings.cuda.DeviceRows;
import dev.mor4j.bindings.cuda.DeviceSampling;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.sampling.Sampler;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * From hidden states to logits, and from logits to tokens: final norm, head and sampling. Borrows
 * the weights. Any thread, each with its own workspace.
 */
final class CudaHead {
  /** Most tokens of a vocabulary that are chosen from on the device. */
  private static final int MOST_TOKENS = 1 << 21;

  private final DeviceQueue queue;
  private final DeviceShape shape;
  private final DeviceMatrix head;

  /** Address of float32 [H]. */
  private final long norm;

  CudaHead(DeviceQueue queue, DeviceShape shape, DeviceMatrix head, long norm) {
    this.queue = queue;
    this.shape = shape;
    this.head = head;
    this.norm = norm;
  }

  boolean choosesTokens() {
    return shape.sizes().vocabulary() <= MOST_TOKENS;
  }

  /** Bytes of the logits of {@code count} rows. */
  private long logitBytes(int count) {
    return (long) count * shape.sizes().vocabulary() * Float.BYTES;
  }

  /** See {@link dev.mor4j.runtime.backend.Backend#logits}. */
  void logits(int[] stateRows, int from, int count, float[] logits, int offset, CudaWorkspace ws) {
    int bucket = CudaWorkspace.bucket(count);
    long bytes = logitBytes(count);
    ws.results.await();
    ws.results.reserve(bytes);
    reserve(count, ws);
    ws.tables.begin();
    ws.tables.rows(stateRows, from, count);
    queue.run(
        stream -> {
          ws.tables.send(stream, RowTables.Part.LIST, 0);
          prepare(bucket, ws);
          enqueueLogits(stream, ws.tables.rows(bucket), ws);
          stream.copyToHost(ws.logits.address(), ws.results.memory(), 0, bytes);
          ws.results.usedBy(stream);
        });
    ws.results.await();
    int numbers = Math.multiplyExact(count, shape.sizes().vocabulary());
    MemorySegment.copy(ws.results.segment(), ValueLayout.JAVA_FLOAT, 0, logits, offset, numbers);
  }

  /** See {@link dev.mor4j.runtime.backend.Backend#chooseTokens}. */
  void chooseTokens(
      int[] stateRows, Sampler[] samplers, int[] tokens, int from, int count, CudaWorkspace ws) {
    int bucket = CudaWorkspace.bucket(count);
    long bytes = (long) count * Integer.BYTES;
    reserve(count, ws);
    describe(samplers, from, count, ws);
    ws.results.await();
    ws.results.reserve(bytes);
    ws.tables.begin();
    ws.tables.rows(stateRows, from, count);
    queue.run(
        stream -> {
          ws.tables.send(stream, RowTables.Part.LIST, 0);
          send(stream, count, ws);
          ws.launch(
              CudaWorkspace.GraphKey.of(this, bucket),
              stream,
              () -> prepare(bucket, ws),
              () -> choose(stream, ws.tables.rows(bucket), ws));
          stream.copyToHost(ws.tokens.address(), ws.results.memory(), 0, bytes);
          ws.results.usedBy(stream);
        });
    ws.results.await();
    MemorySegment.copy(ws.results.segment(), ValueLayout.JAVA_INT, 0, tokens, from, count);
  }

  /** Makes room for {@code count} rows. */
  void reserve(int count, CudaWorkspace ws) {
    int bucket = CudaWorkspace.bucket(count);
    ws.reserveHead(bucket, logitBytes(bucket));
  }

  /** Finds the algorithm of the product; not inside a capture. */
  void prepare(int bucket, CudaWorkspace ws) {
    ws.launches.prepareHead(head, bucket);
  }

  /** Writes how the tokens of {@code samplers[from ..]} are chosen; a draw of each. */
  void describe(Sampler[] samplers, int from, int count, CudaWorkspace ws) {
    ws.draws.await();
    ws.draws.reserve(count * DeviceSampling.BYTES);
    for (int i = 0; i < count; i++) {
      Sampler sampler = samplers[from + i];
      DeviceSampling.write(
          ws.draws.segment(),
          i,
          sampler.nextPoint(),
          (float) sampler.temperature(),
          (float) sampler.topP(),
          (float) sampler.minP(),
          sampler.topK());
    }
  }

  /** Enqueues the copy of what was described. */
  void send(CudaStream stream, int count, CudaWorkspace ws) {
    stream.copyToDevice(
        ws.draws.memory(), 0, ws.deviceDraws.memory(), 0, count * DeviceSampling.BYTES);
    ws.draws.usedBy(stream);
  }

  /** Enqueues the logits of {@code rows}. */
  private void enqueueLogits(CudaStream stream, DeviceRows rows, CudaWorkspace ws) {
    ws.launches.head(
        stream, rows, ws.state(Workspace.State.HIDDEN), norm, head, ws.logits.address());
  }

  /** Enqueues the logits of {@code rows} and the choice of their tokens. */
  void choose(CudaStream stream, DeviceRows rows, CudaWorkspace ws) {
    enqueueLogits(stream, rows, ws);
    CudaKernels.sample(
        stream,
        rows,
        ws.logits.address(),
        ws.deviceDraws.address(),
        ws.tokens.address(),
        shape.sizes().vocabulary());
  }
}
