package dev.mor4j.runtime.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Model folders with random weights, for tests and benchmarks: matrices about normal with deviation
 * 1/√(columns), norms around 1. The routers' outputs then are about normal around 0, so that depths
 * spread. Equal arguments give equal files.
 */
public final class RandomModel {
  private static final int BUFFER_BYTES = 1 << 18;

  /** Deviation of the sum of four uniform 16-bit numbers, √(4 · (2^32 - 1) / 12). */
  private static final double DEVIATION = Math.sqrt(4.0 * 4294967295.0 / 12.0);

  private static final float MEAN = 2 * 65535f;

  private RandomModel() {}

  /**
   * Writes {@code config.json} and {@code model.safetensors} to {@code dir}, which is created where
   * it does not exist. The layers of the block are shared and a tied head is the embedding; the
   * aliases of {@code config} are not used.
   *
   * @param dtype F32 or BF16, of all tensors but the router bias, which is F32
   * @return the configuration as written, with its aliases
   */
  public static ModelConfig write(Path dir, ModelConfig config, DType dtype, long seed)
      throws IOException {
    Objects.requireNonNull(dir, "dir");
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(dtype, "dtype");
    if (dtype != DType.F32 && dtype != DType.BF16) {
      throw new IllegalArgumentException("dtype is " + dtype + ", expected F32 or BF16");
    }
    config.validate();
    ModelConfig shared = config.withAliases(aliases(config));
    List<SafetensorsWriter.Entry> plan = new ArrayList<>();
    TensorNames.shapes(shared)
        .forEach(
            (name, shape) -> {
              if (!shared.aliases().containsKey(name)) {
                plan.add(
                    new SafetensorsWriter.Entry(
                        name,
                        name.equals(TensorNames.ROUTER_BIAS) ? DType.F32 : dtype,
                        Arrays.stream(shape).boxed().toList()));
              }
            });
    Files.createDirectories(dir);
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            dir.resolve("model.safetensors"), plan, Map.of("format", "mor4j"))) {
      for (SafetensorsWriter.Entry entry : plan) {
        writer.write(entry.name(), sink -> fill(entry, seed, buffer, sink));
      }
      writer.finish();
    }
    ModelConfigJson.write(shared, dir.resolve(ModelConfigJson.FILE_NAME));
    return shared;
  }

  /**
   * Which names share a tensor where every layer of the block is shared and nothing else but a tied
   * head.
   */
  static Map<String, String> aliases(ModelConfig config) {
    Map<String, String> aliases = new LinkedHashMap<>();
    int[] first = new int[config.blockLayers()];
    Arrays.fill(first, -1);
    for (int layer = 0; layer < config.architecture().layers(); layer++) {
      int blockLayer = config.blockLayerOf(layer);
      if (blockLayer < 0) {
        continue;
      }
      if (first[blockLayer] < 0) {
        first[blockLayer] = layer;
        continue;
      }
      for (String part : TensorNames.PARTS) {
        aliases.put(TensorNames.layer(layer, part), TensorNames.layer(first[blockLayer], part));
      }
    }
    if (config.architecture().tiedHead()) {
      aliases.put(TensorNames.HEAD, TensorNames.EMBEDDING);
    }
    return aliases;
  }

  private static void fill(
      SafetensorsWriter.Entry entry, long seed, ByteBuffer buffer, WritableByteChannel sink)
      throws IOException {
    boolean norm = entry.shape().size() == 1 && !entry.name().equals(TensorNames.ROUTER_BIAS);
    double deviation = entry.shape().size() == 1 ? 0.1 : 1 / Math.sqrt(entry.shape().getLast());
    float scale = (float) (deviation / DEVIATION);
    float shift = norm ? 1f : 0f;
    // A generator of its own for each tensor: its values do not depend on what else the model has.
    SplittableRandom random = new SplittableRandom(seed * 31 + entry.name().hashCode());
    long left = entry.byteSize();
    while (left > 0) {
      buffer.clear().limit((int) Math.min(BUFFER_BYTES, left));
      left -= buffer.remaining();
      while (buffer.hasRemaining()) {
        long bits = random.nextLong();
        long sum =
            (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
        float value = (sum - MEAN) * scale + shift;
        if (entry.dtype() == DType.F32) {
          buffer.putFloat(value);
        } else {
          // Truncated, not rounded: random either way.
          buffer.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
        }
      }
      sink.write(buffer.flip());
    }
  }
}
