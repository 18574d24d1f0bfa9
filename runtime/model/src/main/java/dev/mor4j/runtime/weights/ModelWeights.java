package dev.mor4j.runtime.weights;

import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelChangedException;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.StoredTensor;
import dev.mor4j.runtime.format.StoredTensors;
import dev.mor4j.runtime.format.TensorNames;
import dev.mor4j.runtime.format.WeightsPlacement;
import dev.mor4j.runtime.numbers.WeightType;
import java.io.IOException;
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
 * The weights of a model: its {@code model.safetensors}, mapped read-only or copied, once, whatever
 * the number of sessions, and checked against its configuration before anything native sees an
 * address. Owns the map or the copy; immutable, any thread.
 *
 * <p>A mapped file can change while it is open. Whoever has computed with weights calls {@link
 * #requireIntact} before anybody sees the result.
 */
public final class ModelWeights implements AutoCloseable {
  private final ModelConfig config;
  private final WeightFile file;
  private final Map<String, MatrixView> matrices = new HashMap<>();
  private final float[] routerBias;

  private ModelWeights(ModelConfig config, WeightFile file, Map<String, StoredTensor> stored) {
    this.config = config;
    this.file = file;
    MemorySegment map = file.data();
    float[] bias = null;
    // Places that a tensor serves in one shape have one view of it.
    Map<StoredTensor, MatrixView> views = new HashMap<>();
    for (Map.Entry<String, StoredTensor> place : stored.entrySet()) {
      if (place.getKey().equals(TensorNames.ROUTER_BIAS)) {
        bias = readFloats(place.getValue());
      } else {
        matrices.put(
            place.getKey(), views.computeIfAbsent(place.getValue(), tensor -> view(map, tensor)));
      }
    }
    this.routerBias = bias;
  }

  /**
   * Maps {@code file} after a check that it has every tensor that {@code config} names; see {@link
   * StoredTensors}. Nothing guards it against faults.
   */
  public static ModelWeights open(Path file, ModelConfig config) throws IOException {
    return open(file, config, WeightsPlacement.MAPPED, FaultGuard.NONE);
  }

  /**
   * Opens {@code file} after a check that it has every tensor that {@code config} names; see {@link
   * StoredTensors}.
   *
   * @param guard what guards the file where it is mapped
   * @throws ModelChangedException when the file changes meanwhile
   */
  public static ModelWeights open(
      Path file, ModelConfig config, WeightsPlacement placement, FaultGuard guard)
      throws IOException {
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      throw new IOException(
          "weights are little-endian and mapped as they are; this machine is not");
    }
    WeightFile.Source source = WeightFile.Source.of(file);
    SafetensorsFile tensors = SafetensorsFile.open(file);
    Map<String, StoredTensor> stored = StoredTensors.of(tensors, config);
    WeightFile opened = WeightFile.open(tensors, source, placement, guard);
    try {
      return new ModelWeights(config, opened, stored);
    } catch (RuntimeException | Error e) {
      opened.close();
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

  private float[] readFloats(StoredTensor tensor) {
    try {
      float[] values =
          file.data()
              .asSlice(tensor.offset(), tensor.byteSize())
              .toArray(ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN));
      requireIntact();
      return values;
    } catch (InternalError e) {
      throw changed(e);
    }
  }

  public ModelConfig config() {
    return config;
  }

  /** Bytes of the file, mapped or copied. */
  public long byteSize() {
    return file.data().byteSize();
  }

  /**
   * Checks that nothing was read from the mapped file that is not there. To be called after weights
   * were used and before anybody sees the result; costs a look at memory.
   *
   * @throws ModelChangedException when something was, or when a change was found before
   */
  public void requireIntact() {
    file.requireIntact();
  }

  /**
   * Checks that the mapped file has the size, time and inode that it had when it was opened; once
   * it has not, the weights are of no use any more. To be called before each request: it asks the
   * file system.
   *
   * @throws ModelChangedException when it is another, is gone or cannot be asked for
   */
  public void requireUnchanged() {
    file.requireUnchanged();
  }

  /**
   * What {@code e} means, which the JVM throws where Java code reads a part of a mapping that is
   * not there, now or soon after. Nothing can be computed with the weights from then on.
   *
   * @throws InternalError {@code e} where it means something else
   */
  public ModelChangedException changed(InternalError e) {
    if (!isFault(e)) {
      throw e;
    }
    return file.faulted(e);
  }

  /** By the words that the JVM has for it; there is no other sign. */
  private static boolean isFault(InternalError e) {
    return e.getMessage() != null && e.getMessage().contains("unsafe memory access");
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
        new LayerWeights.Attention(
            part(layer, "input_norm"),
            part(layer, "q"),
            part(layer, "k"),
            part(layer, "v"),
            part(layer, "o")),
        new LayerWeights.FeedForward(
            part(layer, "post_norm"), part(layer, "gate"), part(layer, "up"), part(layer, "down")));
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

  /** May be called again. */
  @Override
  public void close() {
    file.close();
  }
}
