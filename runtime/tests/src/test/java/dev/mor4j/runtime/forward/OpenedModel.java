package dev.mor4j.runtime.forward;

import dev.mor4j.bindings.cpu.CpuContext;
import dev.mor4j.bindings.cpu.CpuLibrary;
import dev.mor4j.bindings.cpu.Isa;
import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.cpu.NativeBackend;
import dev.mor4j.runtime.backend.plain.JavaBackend;
import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.weights.ModelWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Function;

/** A model opened on one backend, with the inner parts at hand. */
public final class OpenedModel implements AutoCloseable {
  public final ModelWeights weights;
  public final Backend backend;
  public final ForwardPass forward;
  public final KvPools pools;
  public final BufferPool buffers;

  /** What a text gave: logits [T, V] and the depth of each token; and the caches' entries. */
  @SuppressWarnings("ArrayRecordComponent") // compared by their contents, in assertions
  record Outcome(float[] logits, int[] depths, long entries) {}

  /**
   * @param isa native kernels, or null for plain Java
   */
  OpenedModel(Path folder, Isa isa, int threads, int passRows) throws IOException {
    this(folder, isa, threads, passRows, KvCacheType.F32);
  }

  /**
   * @param isa native kernels, or null for plain Java
   */
  public OpenedModel(Path folder, Isa isa, int threads, int passRows, KvCacheType kvType)
      throws IOException {
    this(
        folder,
        weights ->
            isa == null
                ? new JavaBackend("test", weights)
                : new NativeBackend(new CpuContext(isa, threads, 20), weights, kvType),
        passRows,
        kvType);
  }

  /**
   * @param opener makes what computes; its caches have numbers of {@code kvType}
   */
  public OpenedModel(
      Path folder, Function<ModelWeights, Backend> opener, int passRows, KvCacheType kvType)
      throws IOException {
    weights =
        ModelWeights.open(
            folder.resolve("model.safetensors"),
            ModelConfigJson.read(folder.resolve("config.json")));
    backend = opener.apply(weights);
    forward = new ForwardPass(weights, backend);
    pools =
        new KvPools(
            forward.kvPlan(), weights.config().architecture(), kvType, backend.pageMemory());
    buffers = new BufferPool(backend, passRows, weights.config().recursions());
  }

  /** The instruction sets that this machine can run; empty without a library. */
  public static List<Isa> isas() {
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

  RoutingSettings threshold() {
    return RoutingSettings.threshold(weights.config().recursions(), 0);
  }

  RoutingSettings topK() {
    return RoutingSettings.topK(weights.config().recursions());
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

  /**
   * Takes {@code texts} through the model together, a token each at a time; which of those that are
   * not at their end take part in a step is chance.
   */
  List<Outcome> runTogether(List<int[]> texts, RoutingSettings settings, Random random) {
    int vocabulary = weights.config().architecture().vocabulary();
    int size = texts.size();
    SequenceCaches[] caches = new SequenceCaches[size];
    float[][] logits = new float[size][];
    int[][] depths = new int[size][];
    int[] done = new int[size];
    for (int i = 0; i < size; i++) {
      caches[i] = new SequenceCaches(forward.kvPlan(), pools);
      logits[i] = new float[texts.get(i).length * vocabulary];
      depths[i] = new int[texts.get(i).length];
    }
    PassBuffers lent = buffers.take();
    try {
      for (List<Integer> due = due(texts, done); !due.isEmpty(); due = due(texts, done)) {
        Collections.shuffle(due, random);
        due = due.subList(0, 1 + random.nextInt(due.size()));
        int[] ids = due.stream().mapToInt(i -> texts.get(i)[done[i]]).toArray();
        int[] positions = due.stream().mapToInt(i -> done[i]).toArray();
        SequenceCaches[] taking = due.stream().map(i -> caches[i]).toArray(SequenceCaches[]::new);
        forward.step(ids, positions, taking, ids.length, settings, lent);
        for (int row = 0; row < ids.length; row++) {
          int i = due.get(row);
          forward.logits(row, 1, logits[i], done[i] * vocabulary, lent);
          depths[i][done[i]++] = lent.tokens().depth(row);
        }
      }
      List<Outcome> outcomes = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        outcomes.add(new Outcome(logits[i], depths[i], caches[i].entries()));
      }
      return outcomes;
    } finally {
      buffers.giveBack(lent);
      for (SequenceCaches each : caches) {
        each.close();
      }
    }
  }

  private static List<Integer> due(List<int[]> texts, int[] done) {
    List<Integer> due = new ArrayList<>();
    for (int i = 0; i < done.length; i++) {
      if (done[i] < texts.get(i).length) {
        due.add(i);
      }
    }
    return due;
  }

  @Override
  public void close() {
    buffers.close();
    pools.close();
    backend.close();
    weights.close();
  }
}
