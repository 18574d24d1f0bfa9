package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.Sharing;
import dev.mor4j.runtime.format.TensorNames;
import dev.mor4j.runtime.forward.ForwardPass;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.testing.RoutingCases;
import dev.mor4j.testing.RoutingCases.TokenCase;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The table of routing cases by whole models, on plain Java, on native kernels, and on the kernels
 * for GPUs, which decide on the (emulated) device. The models are made so that a token's embedding
 * holds the outputs of its routers, which the layers do not touch, and that its logits tell the
 * factor of the block's result.
 */
class RoutingCasesTest {
  private static final int RECURSIONS = 3;
  private static final int HIDDEN = 8;

  /** Where an embedding has the outputs of auxiliary routers, a one, and the trace of the block. */
  private static final int AUXILIARY = RECURSIONS;

  private static final int ONE = 6;
  private static final int TRACE = 7;
  private static final int VOCABULARY = 16;
  private static final float EPSILON = 1e-5f;

  enum Computes {
    JAVA,
    NATIVE,
    CUDA;

    private ModelOptions options() {
      ModelOptions options = ModelOptions.defaults();
      return switch (this) {
        case JAVA -> options.withKernels(KernelChoice.JAVA);
        case NATIVE -> options;
        case CUDA ->
            options
                .withBackend(BackendChoice.CUDA)
                .withDevice(DeviceOptions.defaults().withNumbers(DeviceOptions.Numbers.F32));
      };
    }
  }

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void everyBackendDecidesAsTheTableSays(Computes computes) throws IOException {
    int models = 0;
    for (RoutingCases.Case each : RoutingCases.all()) {
      List<TokenCase> tokens = each.tokens().stream().filter(token -> !token.routerOnly()).toList();
      for (Caching caching : cachings(each.routing())) {
        Path written = write(folder.resolve("model-" + models++), each, tokens, caching);
        try (MorModel model = MorModel.open(written, computes.options())) {
          String what = computes + ", " + each.name() + ", " + caching;
          checkAlone(model, tokens, what);
          checkTogether(model, tokens, what);
          checkStages(model, tokens, what);
          checkPrompt(model, tokens, what);
        }
      }
    }
    assertThat(models).isGreaterThan(60);
  }

  private static List<Caching> cachings(RoutingConfig routing) {
    return routing instanceof RoutingConfig.ExpertChoice
        ? List.of(Caching.values())
        : List.of(Caching.RECURSION_WISE, Caching.SHARED);
  }

  private static RoutingSettings settings(TokenCase token) {
    return RoutingSettings.threshold(token.maxRecursions(), token.logitThreshold());
  }

  /** As a session takes a token: by a program of the backend, where it has one. */
  private static void checkAlone(MorModel model, List<TokenCase> tokens, String what) {
    ForwardPass forward = model.forward();
    PassBuffers buffers = model.buffers().take();
    for (int id = 0; id < tokens.size(); id++) {
      try (SequenceCaches caches = new SequenceCaches(model.kvPlan(), model.kvPools())) {
        int[] depths = new int[1];
        forward.run(new int[] {id}, 0, 1, caches, settings(tokens.get(id)), buffers, depths);
        float[] logits = new float[VOCABULARY];
        forward.logits(0, 1, logits, buffers);
        check(tokens.get(id), depths[0], logits, what + ", alone, token " + id);
      }
    }
    model.buffers().giveBack(buffers);
  }

  /** As several sessions step together: those with the same settings. */
  private static void checkTogether(MorModel model, List<TokenCase> tokens, String what) {
    PassBuffers buffers = model.buffers().take();
    for (RoutingSettings settings : allSettings(tokens)) {
      int[] ids = idsOf(tokens, settings);
      SequenceCaches[] caches = caches(model, ids.length);
      model.forward().step(ids, new int[ids.length], caches, ids.length, settings, buffers);
      for (int row = 0; row < ids.length; row++) {
        float[] logits = new float[VOCABULARY];
        model.forward().logits(row, 1, logits, buffers);
        int depth = buffers.tokens().depth(row);
        check(tokens.get(ids[row]), depth, logits, what + ", together, token " + ids[row]);
      }
      close(caches);
    }
    model.buffers().giveBack(buffers);
  }

  /**
   * As an engine takes rows of any settings through: stage by stage, those in the block counted.
   */
  private static void checkStages(MorModel model, List<TokenCase> tokens, String what) {
    ForwardPass forward = model.forward();
    PassBuffers buffers = model.buffers().take();
    int count = tokens.size();
    SequenceCaches[] caches = caches(model, count);
    buffers.reserve(count);
    // Rows in another order than the tokens, as an engine's are.
    int[] rows = IntStream.range(0, count).map(i -> count - 1 - i).toArray();
    for (int id = 0; id < count; id++) {
      buffers.tokens().set(rows[id], id, 0, caches[id], settings(tokens.get(id)));
    }
    boolean storesAll =
        model.config().caching() != Caching.RECURSION_WISE
            || model.config().routing() instanceof RoutingConfig.TokenChoice;
    int[] active = rows.clone();
    int in = forward.enter(active, count, buffers);
    for (int recursion = 0; in > 0; recursion++) {
      int passed = recursion;
      long expected =
          recursion == 0 && storesAll
              ? count
              : tokens.stream().filter(token -> token.depth() > passed).count();
      assertThat(in).as("%s, rows in recursion %d", what, recursion).isEqualTo((int) expected);
      in = forward.recurse(active, in, buffers);
    }
    forward.leave(rows, count, buffers);
    for (int id = 0; id < count; id++) {
      float[] logits = new float[VOCABULARY];
      forward.logits(rows, id, 1, logits, 0, buffers);
      int depth = buffers.tokens().depth(rows[id]);
      check(tokens.get(id), depth, logits, what + ", in stages, token " + id);
    }
    close(caches);
    model.buffers().giveBack(buffers);
  }

  /** As a prompt is taken: one sequence. A state that is not finite would spoil those after it. */
  private static void checkPrompt(MorModel model, List<TokenCase> tokens, String what) {
    PassBuffers buffers = model.buffers().take();
    for (RoutingSettings settings : allSettings(tokens)) {
      int[] ids =
          Arrays.stream(idsOf(tokens, settings)).filter(id -> isFinite(tokens.get(id))).toArray();
      if (ids.length > 0) {
        int[] depths = new int[ids.length];
        try (SequenceCaches caches = new SequenceCaches(model.kvPlan(), model.kvPools())) {
          model.forward().run(ids, 0, ids.length, caches, settings, buffers, depths);
        }
        for (int i = 0; i < ids.length; i++) {
          assertThat(depths[i])
              .as("%s, prompt, token %d", what, ids[i])
              .isEqualTo(tokens.get(ids[i]).depth());
        }
      }
    }
    model.buffers().giveBack(buffers);
  }

  private static boolean isFinite(TokenCase token) {
    return IntStream.range(0, RECURSIONS).allMatch(r -> Float.isFinite(token.z()[r]));
  }

  private static List<RoutingSettings> allSettings(List<TokenCase> tokens) {
    return tokens.stream().map(RoutingCasesTest::settings).distinct().toList();
  }

  private static int[] idsOf(List<TokenCase> tokens, RoutingSettings settings) {
    return IntStream.range(0, tokens.size())
        .filter(id -> settings(tokens.get(id)).equals(settings))
        .toArray();
  }

  private static SequenceCaches[] caches(MorModel model, int count) {
    SequenceCaches[] caches = new SequenceCaches[count];
    Arrays.setAll(caches, i -> new SequenceCaches(model.kvPlan(), model.kvPools()));
    return caches;
  }

  private static void close(SequenceCaches[] caches) {
    for (SequenceCaches each : caches) {
      each.close();
    }
  }

  /**
   * A block adds 1/rms(x) to {@link #TRACE} and nothing else, so after one of them the logits of 0
   * and 1 are as 1 + gate and gate/rms(x).
   */
  private static void check(TokenCase token, int depth, float[] logits, String what) {
    assertThat(depth).as(what).isEqualTo(token.depth());
    if (!isFinite(token)) {
      return;
    }
    double ratio = (double) logits[1] / logits[0];
    if (depth == 0) {
      assertThat(ratio).as(what).isZero();
    } else if (depth == 1 && token.gate().isPresent()) {
      double found = ratio * rms(token) / (1 - ratio * rms(token));
      double wanted = token.gate().getAsDouble();
      assertThat(found).as(what + ", gate").isCloseTo(wanted, within(2e-5 * (1 + wanted * wanted)));
    }
  }

  private static double rms(TokenCase token) {
    double sum = 1;
    for (int r = 0; r < RECURSIONS; r++) {
      sum += Math.pow(token.z()[r], 2) + Math.pow(token.auxiliary()[r], 2);
    }
    return Math.sqrt(sum / HIDDEN + EPSILON);
  }

  private static Path write(
      Path to, RoutingCases.Case each, List<TokenCase> tokens, Caching caching) throws IOException {
    ArchitectureConfig sizes =
        ArchitectureConfig.builder()
            .hidden(HIDDEN)
            .intermediate(4)
            .heads(1)
            .kvHeads(1)
            .headDim(HIDDEN)
            .layers(RECURSIONS)
            .vocabulary(VOCABULARY)
            .maxPositions(64)
            .rmsNormEps(EPSILON)
            .tiedHead(false)
            .build();
    RandomModel.write(
        to,
        new ModelConfig(sizes, Sharing.CYCLE, RECURSIONS, each.routing(), caching, Map.of()),
        DType.F32,
        1);
    SafetensorsFile file = SafetensorsFile.open(to.resolve("model.safetensors"));
    try (FileChannel channel = FileChannel.open(file.path(), StandardOpenOption.WRITE)) {
      for (SafetensorsFile.Tensor tensor : file.tensors().values()) {
        float[] values = values(tensor, each, tokens);
        if (values != null) {
          ByteBuffer bytes =
              ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          bytes.asFloatBuffer().put(values);
          assertThat(tensor.byteSize()).isEqualTo(bytes.capacity());
          assertThat(channel.write(bytes, tensor.offset())).isEqualTo(bytes.capacity());
        }
      }
    }
    return to;
  }

  /** What stands in for random numbers; null where these do not matter. */
  private static float[] values(
      SafetensorsFile.Tensor tensor, RoutingCases.Case each, List<TokenCase> tokens) {
    int size = (int) (tensor.byteSize() / Float.BYTES);
    float[] values = new float[size];
    String name = tensor.name();
    if (name.endsWith("norm.weight")) {
      Arrays.fill(values, 1);
    } else if (name.equals(TensorNames.EMBEDDING)) {
      for (int id = 0; id < tokens.size(); id++) {
        System.arraycopy(tokens.get(id).z(), 0, values, id * HIDDEN, RECURSIONS);
        System.arraycopy(
            tokens.get(id).auxiliary(), 0, values, id * HIDDEN + AUXILIARY, RECURSIONS);
        values[id * HIDDEN + ONE] = 1;
      }
    } else if (name.equals(TensorNames.HEAD)) {
      values[ONE] = 1;
      values[HIDDEN + TRACE] = 1;
    } else if (name.endsWith(".v.weight")) {
      values[ONE] = 1;
    } else if (name.endsWith(".o.weight")) {
      values[TRACE * HIDDEN] = 1;
    } else if (name.equals(TensorNames.ROUTER_BIAS)) {
      return each.bias().orElseThrow();
    } else if (name.contains("routers.")) {
      boolean isAuxiliary = name.startsWith("aux_");
      int outputs = size / HIDDEN;
      int first = name.charAt(name.indexOf('.') + 1) - '0' + (isAuxiliary ? AUXILIARY : 0);
      for (int out = 0; out < outputs; out++) {
        values[out * HIDDEN + first + out] = 1;
      }
    } else if (!name.endsWith(".down.weight")) {
      return null;
    }
    return values;
  }
}
