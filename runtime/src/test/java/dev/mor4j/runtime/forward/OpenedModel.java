package dev.mor4j.runtime.forward;

import dev.mor4j.bindings.cpu.CpuContext;
import dev.mor4j.bindings.cpu.CpuLibrary;
import dev.mor4j.bindings.cpu.Isa;
import dev.mor4j.bindings.cpu.KvType;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.JavaBackend;
import dev.mor4j.runtime.backend.NativeBackend;
import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.weights.ModelWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A model opened on one backend, with the inner parts at hand. */
final class OpenedModel implements AutoCloseable {
  final ModelWeights weights;
  final Backend backend;
  final ForwardPass forward;
  final KvPools pools;
  final BufferPool buffers;

  /** What a text gave: logits [T, V] and the depth of each token; and the caches' entries. */
  @SuppressWarnings("ArrayRecordComponent") // compared by their contents, in assertions
  record Outcome(float[] logits, int[] depths, long entries) {}

  /**
   * @param isa native kernels, or null for plain Java
   */
  OpenedModel(Path folder, Isa isa, int threads, int passRows) throws IOException {
    this(folder, isa, threads, passRows, KvType.F32);
  }

  /**
   * @param isa native kernels, or null for plain Java
   */
  OpenedModel(Path folder, Isa isa, int threads, int passRows, KvType kvType) throws IOException {
    weights =
        ModelWeights.open(
            folder.resolve("model.safetensors"),
            ModelConfigJson.read(folder.resolve("config.json")));
    backend =
        isa == null
            ? new JavaBackend("test", weights)
            : new NativeBackend(new CpuContext(isa, threads, 20), weights, kvType);
    forward = new ForwardPass(weights, backend);
    pools = new KvPools(forward.kvPlan(), weights.config().architecture(), kvType);
    buffers = new BufferPool(backend, passRows, weights.config().recursions());
  }

  /** The instruction sets that this machine can run; empty without a library. */
  static List<Isa> isas() {
    List<Isa> isas = new ArrayList<>();
    if (CpuLibrary.instance().isAvailable()) {
      for (Isa isa : Isa.values()) {
        if (isa.compareTo(CpuLibrary.instance().bestIsa()) <= 0) {
          isas.add(isa);
        }
      }
    }
    return isas;
  }

  RoutingSettings settings(RoutingMode mode) {
    return new RoutingSettings(mode, weights.config().recursions(), 0);
  }

  /**
   * Takes {@code ids} through the model in pieces of {@code pieces} tokens; the last piece takes
   * the rest.
   */
  Outcome run(int[] ids, RoutingSettings settings, List<Integer> pieces) {
    int vocabulary = weights.config().architecture().vocabulary();
    float[] logits = new float[ids.length * vocabulary];
    int[] depths = new int[ids.length];
    PassBuffers lent = buffers.take();
    try (SequenceCaches caches = new SequenceCaches(forward.kvPlan(), pools)) {
      int done = 0;
      for (int i = 0; done < ids.length; i++) {
        int left = ids.length - done;
        int count = i < pieces.size() ? Math.min(left, pieces.get(i)) : left;
        forward.run(ids, done, count, caches, settings, lent, depths);
        for (int first = 0; first < count; first += lent.maxLogitRows()) {
          int rows = Math.min(lent.maxLogitRows(), count - first);
          float[] part = new float[rows * vocabulary];
          forward.logits(first, rows, part, lent);
          System.arraycopy(part, 0, logits, (done + first) * vocabulary, part.length);
        }
        done += count;
      }
      return new Outcome(logits, depths, caches.entries());
    } finally {
      buffers.giveBack(lent);
    }
  }

  @Override
  public void close() {
    buffers.close();
    pools.close();
    backend.close();
    weights.close();
  }
}
