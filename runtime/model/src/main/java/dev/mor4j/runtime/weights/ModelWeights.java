package dev.mor4j.runtime.weights;

import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.StoredTensor;
import dev.mor4j.runtime.format.StoredTensors;
import dev.mor4j.runtime.format.TensorNames;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.numbers.WeightType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The weights of a model: its {@code model.safetensors}, mapped read-only, once, whatever the
 * number of sessions, and checked against its configuration before anything native sees an address.
 * Owns the map; immutable, any thread.
 */
public final class ModelWeights implements AutoCloseable {
  private final ModelConfig config;
  private final Arena arena;
  private final long mappedBytes;
  private final Map<String, MatrixView> matrices = new HashMap<>();
  private final float[] routerBias;
  private boolean closed;

  private ModelWeights(ModelConfig config, Arena arena, SafetensorsFile tensors)
      throws IOException {
    this.config = config;
    this.arena = arena;
    Map<String, StoredTensor> stored = StoredTensors.of(tensors, config);
    MemorySegment map = tensors.map(arena);
    float[] bias = null;
    // Places that a tensor serves in one shape have one view of it.
    Map<StoredTensor, MatrixView> views = new HashMap<>();
    for (Map.Entry<String, StoredTensor> place : stored.entrySet()) {
      if (place.getKey().equals(TensorNames.ROUTER_BIAS)) {
        bias = readFloats(map, place.getValue());
      } else {
        matrices.put(
            place.getKey(), views.computeIfAbsent(place.getValue(), tensor -> view(map, tensor)));
      }
    }
    this.routerBias = bias;
    this.mappedBytes = map.byteSize();
    MemoryAccount.MAPPED_WEIGHTS.added(mappedBytes);
  }

  /**
   * Maps {@code file} after a check that it has every tensor that {@code config} names; see {@link
   * StoredTensors}.
   */
  @SuppressWarnings("MustBeClosedChecker") // owned by the returned object, closed with it
  public static ModelWeights open(Path file, ModelConfig config) throws IOException {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new IOException(
          "weights are little-endian and mapped as they are; this machine is not");
    }
    SafetensorsFile tensors = SafetensorsFile.open(file);
    Arena arena = Arena.ofShared();
    try {
      return new ModelWeights(config, arena, tensors);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private static MatrixView view(MemorySegment map, StoredTensor tensor) {
    return new MatrixView(
        map.asSlice(tensor.offset(), tensor.byteSize()),
        tensor.rows(),
        tensor.cols(),
        type(tensor));
  }

  private static WeightType type(StoredTensor tensor) {
    if (tensor.packing().isEmpty()) {
      return tensor.dtype() == DType.F32 ? WeightType.F32 : WeightType.BF16;
    }
    return switch (tensor.packing().get()) {
      case BF16 -> WeightType.BF16_PANELS;
      case INT8 -> WeightType.INT8_PANELS;
      case INT4 -> WeightType.INT4_PANELS;
    };
  }

  private static float[] readFloats(MemorySegment map, StoredTensor tensor) {
    return map.asSlice(tensor.offset(), tensor.byteSize())
        .toArray(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
  }

  public ModelConfig config() {
    return config;
  }

  /** Bytes of the mapped file. */
  public long mappedBytes() {
    return mappedBytes;
  }

  public MatrixView embedding() {
    return matrix(TensorNames.EMBEDDING);
  }

  public MatrixView finalNorm() {
    return matrix(TensorNames.FINAL_NORM);
  }

  public MatrixView head() {
    return matrix(TensorNames.HEAD);
  }

  /** The weights of unrolled layer {@code layer}. */
  public LayerWeights layer(int layer) {
    return new LayerWeights(
        part(layer, "input_norm"),
        part(layer, "q"),
        part(layer, "k"),
        part(layer, "v"),
        part(layer, "o"),
        part(layer, "post_norm"),
        part(layer, "gate"),
        part(layer, "up"),
        part(layer, "down"));
  }

  /**
   * The routers that weigh, and by default decide: one a recursion, or the one of token-choice;
   * else none.
   */
  public List<RouterWeights> routers() {
    return switch (config.routing()) {
      case RoutingConfig.None none -> List.of();
      case RoutingConfig.ExpertChoice expert -> {
        List<RouterWeights> routers = new ArrayList<>();
        for (int r = 0; r < config.recursions(); r++) {
          routers.add(
              router(
                  TensorNames.router(r, "w1"), TensorNames.router(r, "w2"), expert.temperature()));
        }
        yield routers;
      }
      case RoutingConfig.TokenChoice token ->
          List.of(
              router(
                  TensorNames.router(0, "w1"), TensorNames.router(0, "w2"), token.temperature()));
    };
  }

  /**
   * The routers that only decide, one a recursion, where the model has them. Their input is not
   * divided.
   */
  public List<RouterWeights> auxiliaryRouters() {
    List<RouterWeights> routers = new ArrayList<>();
    if (config.routing() instanceof RoutingConfig.ExpertChoice expert && expert.auxiliaryRouter()) {
      for (int r = 0; r < config.recursions(); r++) {
        routers.add(
            router(TensorNames.auxiliaryRouter(r, "w1"), TensorNames.auxiliaryRouter(r, "w2"), 1f));
      }
    }
    return routers;
  }

  /** The bias [N] that token-choice adds for its choice, where the model has one. */
  public Optional<float[]> routerBias() {
    return Optional.ofNullable(routerBias).map(float[]::clone);
  }

  private RouterWeights router(String w1, String w2, float temperature) {
    return new RouterWeights(matrix(w1), Optional.ofNullable(matrices.get(w2)), temperature);
  }

  private MatrixView part(int layer, String part) {
    return matrix(TensorNames.layer(layer, part));
  }

  private MatrixView matrix(String name) {
    return matrices.get(name);
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      arena.close();
      MemoryAccount.MAPPED_WEIGHTS.removed(mappedBytes);
    }
  }
}
