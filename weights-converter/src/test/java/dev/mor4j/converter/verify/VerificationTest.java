package dev.mor4j.converter.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsWriter;
import dev.mor4j.runtime.format.Sharing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VerificationTest {
  private static final int VOCABULARY = 24;
  private static final int[] IDS = {0, 7, 3, 23};

  @TempDir Path dir;

  private record Data(DType dtype, List<Long> shape, ByteBuffer bytes) {}

  private final Map<String, Data> tensors = new LinkedHashMap<>();
  private Map<String, Data> right;
  private MorModel model;

  /** Expected outputs that fit, of a model of two recursions. */
  @BeforeEach
  void expectWhatIsComputed() throws IOException {
    ArchitectureConfig sizes =
        ArchitectureConfig.builder()
            .hidden(16)
            .intermediate(24)
            .heads(2)
            .kvHeads(1)
            .headDim(8)
            .layers(4)
            .vocabulary(VOCABULARY)
            .maxPositions(8)
            .ropeTheta(1e4)
            .build();
    RoutingConfig routing =
        new RoutingConfig.ExpertChoice(
            RoutingConfig.RouterKind.LINEAR,
            RoutingConfig.RouterFunction.SIGMOID,
            0.1f,
            1,
            true,
            List.of(1.0, 0.5),
            false);
    RandomModel.write(
        dir.resolve("model"),
        new ModelConfig(sizes, Sharing.MIDDLE_CYCLE, 2, routing, Caching.RECURSION_WISE, Map.of()),
        DType.F32,
        3);
    model =
        MorModel.open(dir.resolve("model"), ModelOptions.defaults().withKernels(KernelChoice.JAVA));
    float[] logits = new float[IDS.length * VOCABULARY];
    int[] depths =
        model.score(
            IDS,
            RoutingMode.TOP_K,
            SessionOptions.defaults(),
            (first, count, some) ->
                System.arraycopy(some, 0, logits, first * VOCABULARY, count * VOCABULARY));
    ints("input_ids", IDS);
    floats("logits", logits, 1, IDS.length, VOCABULARY);
    for (int recursion = 0; recursion < 2; recursion++) {
      int r = recursion;
      bytes("active_" + r, Arrays.stream(depths).map(depth -> depth > r ? 1 : 0).toArray());
    }
    right = Map.copyOf(tensors);
  }

  @AfterEach
  void closeModel() {
    model.close();
  }

  @Test
  void passesWhereNothingDiffers() throws IOException {
    assertThat(verify(0)).containsExactly(new Verification(RoutingMode.TOP_K, 1, 4, 0, 8, 0, 0));
    assertThat(verify(0).getFirst().passed()).isTrue();
  }

  @Test
  void nanFailsWhereverItIs() throws IOException {
    for (int place : new int[] {0, 50, IDS.length * VOCABULARY - 1}) {
      float before = tensors.get("logits").bytes().getFloat(4 * place);
      tensors.get("logits").bytes().putFloat(4 * place, Float.NaN);
      Verification found = verify(1e9).getFirst();
      assertThat(found.largestDifference()).isNaN();
      assertThat(found.passed()).isFalse();
      tensors.get("logits").bytes().putFloat(4 * place, before);
    }
  }

  @Test
  void aNanStaysTheLargestDifference() {
    assertThat(Verification.worse(Double.NaN, 1, 2)).isNaN();
    assertThat(Verification.worse(0, Float.NaN, Float.NaN)).isNaN();
    assertThat(Verification.worse(0, Float.POSITIVE_INFINITY, Float.POSITIVE_INFINITY)).isZero();
    assertThat(Verification.worse(0, Float.POSITIVE_INFINITY, 1)).isInfinite();
    assertThat(Verification.worse(3, 1, 2)).isEqualTo(3);
  }

  @Test
  void oneDifferentDecisionFails() throws IOException {
    ByteBuffer active = tensors.get("active_1").bytes();
    active.put(2, (byte) (1 - active.get(2)));
    Verification found = verify(1).getFirst();
    assertThat(found.differentDecisions()).isEqualTo(1);
    assertThat(found.passed()).isFalse();
  }

  @Test
  void aLogitPastTheToleranceFails() throws IOException {
    ByteBuffer logits = tensors.get("logits").bytes();
    logits.putFloat(12, logits.getFloat(12) + 0.5f);
    Verification found = verify(0.4).getFirst();
    assertThat(found.largestDifference()).isBetween(0.49, 0.51);
    assertThat(found.passed()).isFalse();
    assertThat(verify(0.6).getFirst().passed()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"input_ids", "logits", "active_0", "active_1"})
  void aMissingTensorIsAnError(String name) {
    tensors.remove(name);
    assertThatThrownBy(() -> verify(1))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("expected.safetensors");
  }

  @Test
  void tensorsThatDoNotFitAreErrors() {
    bytes("active_2", 1, 1, 0, 0);
    refused("active_2");
    bytes("active_2", 1, 1, 0, 0);
    bytes("threshold_active_0", 1, 1, 0, 0);
    refused("active_2");
    bytes("threshold_active_0", 1, 1, 0, 0);
    refused("threshold_active_0");
    bytes("active_1", 1, 1, 0);
    refused("active_1");
    bytes("active_1", 1, 1, 2, 0);
    refused("active_1 has 2 at place 2");
    floats("logits", new float[4 * 23], 1, 4, 23);
    refused("logits is F32 [1, 4, 23], expected F32 [1, 4, 24]");
    floats("logits", new float[2 * 4 * 24], 2, 4, 24);
    refused("logits");
    ints("input_ids", 0, 7, 3, 24);
    refused("input_ids has id 24 at place 3, expected 0 to 23");
    ints("input_ids", 0, 7, 3, -1);
    refused("id -1");
    ints("input_ids", new int[9]);
    refused("1 to 8 tokens");
    ints("input_ids");
    refused("input_ids");
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, Double.NaN, Double.POSITIVE_INFINITY})
  void aToleranceMustBeANumber(double tolerance) {
    assertThatThrownBy(() -> verify(tolerance))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tolerance");
  }

  /** Expects an error, then puts the outputs right again. */
  private void refused(String message) {
    assertThatThrownBy(() -> verify(1))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(message);
    tensors.clear();
    tensors.putAll(right);
  }

  private List<Verification> verify(double tolerance) throws IOException {
    Path file = dir.resolve("expected.safetensors");
    Files.deleteIfExists(file);
    List<SafetensorsWriter.Entry> plan =
        tensors.entrySet().stream()
            .map(
                tensor ->
                    new SafetensorsWriter.Entry(
                        tensor.getKey(), tensor.getValue().dtype(), tensor.getValue().shape()))
            .toList();
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, plan, Map.of())) {
      for (SafetensorsWriter.Entry entry : plan) {
        writer.write(
            entry.name(), sink -> sink.write(tensors.get(entry.name()).bytes().duplicate()));
      }
      writer.finish();
    }
    return Verification.run(model, file, tolerance);
  }

  private void ints(String name, int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asIntBuffer().put(values);
    tensors.put(name, new Data(DType.I32, List.of(1L, (long) values.length), bytes));
  }

  private void bytes(String name, int... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length);
    for (int value : values) {
      bytes.put((byte) value);
    }
    tensors.put(name, new Data(DType.U8, List.of(1L, (long) values.length), bytes.flip()));
  }

  private void floats(String name, float[] values, long... shape) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    tensors.put(name, new Data(DType.F32, Arrays.stream(shape).boxed().toList(), bytes));
  }
}
