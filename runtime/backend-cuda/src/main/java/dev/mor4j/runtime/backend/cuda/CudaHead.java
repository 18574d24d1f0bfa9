package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.kernel.CudaKernels;
import dev.mor4j.bindings.cuda.kernel.DeviceMatrix;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import dev.mor4j.bindings.cuda.kernel.DeviceSampling;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.sampling.Sampler;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * From hidden states to logits, and from logits to tokens: final norm, head and sampling. Borrows
 * the weights. Any thread, each with its own workspace.
 */
final class CudaHead {
  /** The largest vocabulary that the device chooses tokens from. */
  private static final int MOST_TOKENS = 1 << 21;

  private final DeviceQueue queue;
  private final DeviceShape shape;
  private final DeviceMatrix head;

  /** float32 [H]. */
  private final DeviceView norm;

  CudaHead(DeviceQueue queue, DeviceShape shape, DeviceMatrix head, DeviceView norm) {
    this.queue = queue;
    this.shape = shape;
    this.head = head;
    this.norm = norm;
  }

  boolean choosesTokens() {
    return shape.sizes().vocabulary() <= MOST_TOKENS;
  }

  /** Logits of {@code count} rows. */
  private long logitCount(int count) {
    return (long) count * shape.sizes().vocabulary();
  }

  /** See {@link dev.mor4j.runtime.backend.Backend#logits}. */
  void logits(int[] stateRows, int from, int count, float[] logits, int offset, CudaWorkspace ws) {
    int bucket = CudaWorkspace.bucket(count);
    long numbers = logitCount(count);
    ws.results.await();
    ws.results.reserve(numbers * Float.BYTES);
    reserve(count, ws);
    ws.beginTables();
    ws.tables.rows(stateRows, from, count);
    queue.run(
        stream -> {
          ws.tables.send(stream, RowTables.Part.LIST, 0);
          prepare(bucket, ws);
          enqueueLogits(stream, ws.tables.rows(bucket), ws);
          stream.copyToHost(ws.logits.view(), numbers, ws.results.memory(), 0);
          ws.results.usedBy(stream);
        });
    ws.results.await();
    MemorySegment.copy(
        ws.results.segment(), ValueLayout.JAVA_FLOAT, 0, logits, offset, Math.toIntExact(numbers));
  }

  /** See {@link dev.mor4j.runtime.backend.Backend#chooseTokens}. */
  void chooseTokens(
      int[] stateRows,
      Sampler[] samplers,
      int[] positions,
      int[] tokens,
      int from,
      int count,
      CudaWorkspace ws) {
    int bucket = CudaWorkspace.bucket(count);
    reserve(count, ws);
    describe(samplers, positions, from, count, ws);
    ws.results.await();
    ws.results.reserve((long) count * Integer.BYTES);
    ws.beginTables();
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
          stream.copyToHost(ws.tokens.view(), count, ws.results.memory(), 0);
          ws.results.usedBy(stream);
        });
    ws.results.await();
    MemorySegment.copy(ws.results.segment(), ValueLayout.JAVA_INT, 0, tokens, from, count);
  }

  /** Makes room for {@code count} rows. */
  void reserve(int count, CudaWorkspace ws) {
    int bucket = CudaWorkspace.bucket(count);
    ws.reserveHead(bucket, logitCount(bucket));
  }

  /** Finds the algorithm of the product; not inside a capture. */
  void prepare(int bucket, CudaWorkspace ws) {
    ws.launches.prepareHead(head, bucket);
  }

  /** Writes how the tokens of {@code samplers[from ..]} at their positions are chosen. */
  void describe(Sampler[] samplers, int[] positions, int from, int count, CudaWorkspace ws) {
    ws.draws.await();
    ws.draws.reserve(count * DeviceSampling.BYTES);
    for (int i = 0; i < count; i++) {
      Sampler sampler = samplers[from + i];
      DeviceSampling.write(
          ws.draws.segment(),
          i,
          sampler.draw(positions[from + i]),
          sampler.temperature(),
          sampler.topP(),
          sampler.minLog(),
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
    ws.launches.head(stream, rows, ws.state(Workspace.State.HIDDEN), norm, head, ws.logits.view());
  }

  /** Enqueues the logits of {@code rows} and the choice of their tokens. */
  void choose(CudaStream stream, DeviceRows rows, CudaWorkspace ws) {
    enqueueLogits(stream, rows, ws);
    CudaKernels.sample(
        stream,
        rows,
        ws.logits.view(),
        ws.deviceDraws.view(),
        ws.tokens.view(),
        shape.sizes().vocabulary());
  }
}
