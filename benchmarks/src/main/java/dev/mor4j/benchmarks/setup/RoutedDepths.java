package dev.mor4j.benchmarks.setup;

import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.TensorNames;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;

/**
 * Makes the depths of a random expert-choice model spread as its capacities say; the routers of a
 * random model have no bias, so each would keep about half of what the one before it kept.
 *
 * <p>Two places of the hidden state are set apart: place 0 holds a number {@code u} of the token,
 * spread evenly over (-1, 1), place 1 a constant. No layer writes them, for their rows of {@code o}
 * and {@code down} are zero, and a recursion's gate scales both alike. The router of recursion r
 * reads {@code z = 2 (u - (1 - 2 c_r))}, which is positive for the share {@code c_r} of the
 * vocabulary. So a token's depth follows from its id, over all ids exactly as the capacities say,
 * and every matrix keeps its size and its cost.
 */
final class RoutedDepths {
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Factor of the routers' outputs, so that the gates differ and do not saturate. */
  private static final float STEEPNESS = 2f;

  private final MemorySegment file;
  private final SafetensorsFile header;
  private final ModelConfig config;

  private RoutedDepths(MemorySegment file, SafetensorsFile header, ModelConfig config) {
    this.file = file;
    this.header = header;
    this.config = config;
  }

  /** Rewrites the few values of {@code weights} in place; a model without a router stays as is. */
  static void write(Path weights, ModelConfig config, long seed) throws IOException {
    if (!(config.routing() instanceof RoutingConfig.ExpertChoice expert)) {
      return;
    }
    SafetensorsFile header = SafetensorsFile.open(weights);
    try (FileChannel channel =
            FileChannel.open(weights, StandardOpenOption.READ, StandardOpenOption.WRITE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment file = channel.map(FileChannel.MapMode.READ_WRITE, 0, header.size(), arena);
      new RoutedDepths(file, header, config).write(expert, seed);
      file.force();
    }
  }

  private void write(RoutingConfig.ExpertChoice expert, long seed) {
    int hidden = config.architecture().hidden();
    // Places 0 and 1 are about as large as the other places of an embedding.
    float scale = (float) (1 / Math.sqrt(hidden));
    SafetensorsFile.Tensor embedding = stored(TensorNames.EMBEDDING);
    int[] ranks = shuffled(config.architecture().vocabulary(), new SplittableRandom(seed));
    for (int token = 0; token < ranks.length; token++) {
      float u = (2 * ranks[token] + 1f) / ranks.length - 1;
      put(embedding, (long) token * hidden, u * scale);
      put(embedding, (long) token * hidden + 1, scale);
    }
    for (int layer = 0; layer < config.architecture().layers(); layer++) {
      clearFirstRows(stored(TensorNames.layer(layer, "o")), 2);
      clearFirstRows(stored(TensorNames.layer(layer, "down")), 2);
    }
    for (int r = 0; r < config.recursions(); r++) {
      SafetensorsFile.Tensor router = stored(TensorNames.router(r, "w1"));
      clearFirstRows(router, 1);
      put(router, 0, STEEPNESS / scale);
      put(router, 1, -STEEPNESS / scale * (float) (1 - 2 * expert.capacities().get(r)));
    }
  }

  private SafetensorsFile.Tensor stored(String name) {
    return header.tensors().get(config.storedName(name));
  }

  private static int[] shuffled(int length, SplittableRandom random) {
    int[] ranks = new int[length];
    for (int i = 0; i < length; i++) {
      int other = random.nextInt(i + 1);
      ranks[i] = ranks[other];
      ranks[other] = i;
    }
    return ranks;
  }

  private void clearFirstRows(SafetensorsFile.Tensor matrix, int rows) {
    long bytes = rows * matrix.shape().getLast() * matrix.dtype().byteSize();
    file.asSlice(matrix.offset(), bytes).fill((byte) 0);
  }

  private void put(SafetensorsFile.Tensor tensor, long element, float value) {
    long at = tensor.offset() + element * tensor.dtype().byteSize();
    if (tensor.dtype() == DType.BF16) {
      // Half of the last place is added before the cut: rounded.
      file.set(SHORT, at, (short) ((Float.floatToRawIntBits(value) + 0x8000) >>> 16));
    } else {
      file.set(FLOAT, at, value);
    }
  }
}
