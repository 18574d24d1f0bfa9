package dev.mor4j.runtime.weights;

import dev.mor4j.bindings.cpu.MatrixView;
import dev.mor4j.bindings.cpu.WeightType;
import dev.mor4j.runtime.OffHeapMemory;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.TensorNames;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
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
  private final Path file;
  private final ModelConfig config;
  private final Arena arena;
  private final long mappedBytes;
  private final Map<String, MatrixView> matrices = new HashMap<>();
  private final float[] routerBias;
  private boolean closed;

  private ModelWeights(Path file, ModelConfig config, Arena arena, SafetensorsFile tensors)
      throws IOException {
    this.file = file;
    this.config = config;
    this.arena = arena;
    MemorySegment map = tensors.map(arena);
    float[] bias = null;
    Map<String, MatrixView> stored = new HashMap<>();
    for (Map.Entry<String, long[]> wanted : TensorNames.shapes(config).entrySet()) {
      String name = wanted.getKey();
      String storedName = config.storedName(name);
      SafetensorsFile.Tensor tensor = tensors.tensors().get(storedName);
      if (tensor == null) {
        throw new ModelFormatException(
            file,
            "tensor "
                + storedName
                + " is missing"
                + (name.equals(storedName) ? "" : " (it serves " + name + ")"));
      }
      List<Long> shape = Arrays.stream(wanted.getValue()).boxed().toList();
      if (!tensor.shape().equals(shape)) {
        throw new ModelFormatException(
            file,
            "tensor "
                + storedName
                + " has shape "
                + tensor.shape()
                + ", expected "
                + shape
                + " for "
                + name);
      }
      if (name.equals(TensorNames.ROUTER_BIAS)) {
        bias = readFloats(map, tensor);
      } else {
        MatrixView matrix = stored.get(storedName);
        if (matrix == null) {
          matrix = view(map, tensor);
          stored.put(storedName, matrix);
        }
        matrices.put(name, matrix);
      }
    }
    this.routerBias = bias;
    this.mappedBytes = map.byteSize();
    OffHeapMemory.added(OffHeapMemory.Use.MAPPED_WEIGHTS, mappedBytes);
  }

  /**
   * Maps {@code file} and checks that it has every tensor that {@code config} names, in its shape.
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
      return new ModelWeights(file, config, arena, tensors);
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  private MatrixView view(MemorySegment map, SafetensorsFile.Tensor tensor)
      throws ModelFormatException {
    WeightType type = weightType(tensor);
    long rows = tensor.shape().size() == 1 ? 1 : tensor.shape().getFirst();
    long cols = tensor.shape().getLast();
    if (tensor.offset() % type.byteSize() != 0) {
      throw new ModelFormatException(
          file,
          "tensor "
              + tensor.name()
              + " begins at byte "
              + tensor.offset()
              + ", expected a multiple of "
              + type.byteSize());
    }
    return new MatrixView(map.asSlice(tensor.offset(), tensor.byteSize()), rows, cols, type);
  }

  private WeightType weightType(SafetensorsFile.Tensor tensor) throws ModelFormatException {
    return switch (tensor.dtype()) {
      case F32 -> WeightType.F32;
      case BF16 -> WeightType.BF16;
      case F64, F16, I64, I32, U8 ->
          throw new ModelFormatException(
              file,
              "tensor " + tensor.name() + " has type " + tensor.dtype() + ", expected F32 or BF16");
    };
  }

  private float[] readFloats(MemorySegment map, SafetensorsFile.Tensor tensor)
      throws ModelFormatException {
    if (tensor.dtype() != DType.F32) {
      throw new ModelFormatException(
          file, "tensor " + tensor.name() + " has type " + tensor.dtype() + ", expected F32");
    }
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
      OffHeapMemory.removed(OffHeapMemory.Use.MAPPED_WEIGHTS, mappedBytes);
    }
  }
}
