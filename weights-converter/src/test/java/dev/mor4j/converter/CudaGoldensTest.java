package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.converter.verify.ExpectedOutputs;
import dev.mor4j.converter.verify.Verification;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.DeviceOptions;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.packing.Packing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every golden and the trained checkpoint on the emulated device: the kernels that nvcc builds,
 * compiled for the host.
 */
class CudaGoldensTest {
  private static final double TOLERANCE = 1e-3;

  /** Router outputs nearer to the threshold may fall on either side of it in 16 bits. */
  private static final float NEAR_16_BITS = 0.05f;

  /**
   * The same where the weights are int8, and the CPU rounds what they are multiplied with as well.
   */
  private static final float NEAR_INT8 = 0.25f;

  private static final Map<String, Double> LARGEST = new TreeMap<>();

  @TempDir Path dir;

  static List<Arguments> goldens() throws IOException {
    List<Arguments> all = new ArrayList<>();
    for (Path golden : Checkpoints.all()) {
      all.add(Arguments.of(golden.getFileName().toString(), golden));
    }
    return all;
  }

  private static ModelOptions cuda(DeviceOptions.Numbers numbers) {
    return ModelOptions.defaults()
        .withBackend(BackendChoice.CUDA)
        .withDevice(DeviceOptions.defaults().withNumbers(numbers));
  }

  private Path convert(Path golden, ConversionOptions options) throws IOException {
    Path folder = dir.resolve("model");
    CheckpointConverter.convert(golden, folder, options);
    return folder;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("goldens")
  void computesWhatTheAuthorsCodeComputes(String name, Path golden) throws IOException {
    Path folder = convert(golden, ConversionOptions.DEFAULT);
    try (MorModel model = MorModel.open(folder, cuda(DeviceOptions.Numbers.F32))) {
      assertThat(model.backendDescription()).startsWith("CUDA on ").contains("emulated");
      for (Verification one :
          Verification.run(model, golden.resolve("expected.safetensors"), TOLERANCE)) {
        collect("float32, logits", one.largestDifference());
        assertThat(one.passed()).as("%s", one).isTrue();
      }
    }
  }

  /** Sessions step together, so the device decides alone how deep each token goes. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("goldens")
  void decodesAsTheCpuDoes(String name, Path golden) throws IOException {
    Path folder = convert(golden, ConversionOptions.DEFAULT);
    for (KvCacheType kv : KvCacheType.values()) {
      double tolerance = kv == KvCacheType.F32 ? TOLERANCE : 0.05;
      ModelOptions cpu = ModelOptions.defaults().withKernels(KernelChoice.PORTABLE);
      try (MorModel expected = MorModel.open(folder, cpu.withKvCache(kv));
          MorModel model = MorModel.open(folder, cuda(DeviceOptions.Numbers.F32).withKvCache(kv))) {
        collect(
            String.format(
                Locale.ROOT, "float32, decoding, %s caches, logits beside the CPU's", kv.label()),
            compareSteps(model, expected, tolerance));
      }
    }
  }

  /** The largest difference of a logit. */
  private static double compareSteps(MorModel model, MorModel expected, double tolerance) {
    double largest = 0;
    int vocabulary = model.config().architecture().vocabulary();
    List<MorSession> found = new ArrayList<>();
    List<MorSession> wanted = new ArrayList<>();
    for (int s = 0; s < 3; s++) {
      found.add(model.newSession(SessionOptions.defaults()));
      wanted.add(expected.newSession(SessionOptions.defaults()));
    }
    float[] logits = new float[3 * vocabulary];
    float[] expectedLogits = new float[3 * vocabulary];
    for (int t = 0; t < 36; t++) {
      // The third begins later, so that positions and pages differ.
      int taking = t < 5 ? 2 : 3;
      int[] ids = new int[taking];
      for (int s = 0; s < taking; s++) {
        ids[s] = (31 * t + 7 * s + t * t) % vocabulary;
      }
      model.step(found.subList(0, taking), ids, logits);
      expected.step(wanted.subList(0, taking), ids, expectedLogits);
      for (int i = 0; i < taking * vocabulary; i++) {
        float difference = Math.abs(logits[i] - expectedLogits[i]);
        assertThat(difference).as("step %s logit %s", t, i).isBetween(0f, (float) tolerance);
        largest = Math.max(largest, difference);
      }
    }
    for (int s = 0; s < 3; s++) {
      assertThat(found.get(s).depths()).isEqualTo(wanted.get(s).depths());
      assertThat(found.get(s).kvStatistics()).isEqualTo(wanted.get(s).kvStatistics());
      found.get(s).close();
      wanted.get(s).close();
    }
    return largest;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("goldens")
  void sixteenBitsStayNear(String name, Path golden) throws IOException {
    Path folder = convert(golden, ConversionOptions.DEFAULT);
    for (DeviceOptions.Numbers numbers :
        List.of(DeviceOptions.Numbers.BF16, DeviceOptions.Numbers.F16)) {
      double tolerance = numbers == DeviceOptions.Numbers.F16 ? 0.01 : 0.04;
      collect(
          numbers.name().toLowerCase(Locale.ROOT) + ", relative distance",
          stayNear(folder, golden, cuda(numbers), tolerance, NEAR_16_BITS));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("goldens")
  void int8StaysNear(String name, Path golden) throws IOException {
    Path folder =
        convert(golden, ConversionOptions.DEFAULT.withQuantization(Quantization.of(Packing.INT8)));
    double tolerance = name.equals("expert-n3-nofunc") ? 0.09 : 0.06;
    collect(
        "int8 weights, relative distance",
        stayNear(folder, golden, cuda(DeviceOptions.Numbers.AUTO), tolerance, NEAR_INT8));
  }

  /** The distance of the logits in the Frobenius norm, over tokens routed alike. */
  private static double stayNear(
      Path folder, Path golden, ModelOptions options, double tolerance, float near)
      throws IOException {
    try (MorModel cpu = MorModel.open(folder, ModelOptions.defaults());
        MorModel model = MorModel.open(folder, options);
        ExpectedOutputs outputs =
            ExpectedOutputs.open(golden.resolve("expected.safetensors"), model.config())) {
      double differences = 0;
      double sizes = 0;
      for (int row = 0; row < outputs.batch(); row++) {
        int[] ids = outputs.inputIds(row);
        Map<Integer, Map<Integer, Float>> z = new HashMap<>();
        float[] expected = new float[ids.length * cpu.config().architecture().vocabulary()];
        float[] found = new float[expected.length];
        int[] expectedDepths = score(cpu, ids, z, expected);
        int[] depths = score(model, ids, new HashMap<>(), found);
        int vocabulary = expected.length / ids.length;
        boolean asExpected = true;
        for (int t = 0; t < ids.length; t++) {
          if (depths[t] != expectedDepths[t] && asExpected) {
            // Of the first token that goes another way; those after it attend to what it left.
            asExpected = false;
            int first = Math.min(depths[t], expectedDepths[t]);
            Float decided = z.getOrDefault(first, Map.of()).get(t);
            if (decided != null) {
              collect(
                  options.device().numbers() + ", largest router output decided otherwise",
                  Math.abs(decided));
              assertThat(Math.abs(decided)).as("%s token %s", options.device(), t).isLessThan(near);
            }
          }
          for (int i = t * vocabulary; asExpected && i < (t + 1) * vocabulary; i++) {
            differences += Math.pow((double) found[i] - expected[i], 2);
            sizes += Math.pow(expected[i], 2);
          }
        }
      }
      double distance = Math.sqrt(differences / sizes);
      assertThat(distance).isBetween(0.0, tolerance);
      return distance;
    }
  }

  private static int[] score(
      MorModel model, int[] ids, Map<Integer, Map<Integer, Float>> z, float[] to) {
    int vocabulary = model.config().architecture().vocabulary();
    return model.score(
        ids,
        RoutingMode.THRESHOLD,
        SessionOptions.defaults(),
        (recursion, count, tokens, outputs, logitThreshold) -> {
          for (int i = 0; i < count; i++) {
            z.computeIfAbsent(recursion, any -> new HashMap<>()).put(tokens[i], outputs[i]);
          }
        },
        (first, count, logits) ->
            System.arraycopy(logits, 0, to, first * vocabulary, count * vocabulary));
  }

  private static void collect(String what, double value) {
    LARGEST.merge(what, value, Math::max);
  }

  @AfterAll
  static void show() throws IOException {
    StringBuilder lines = new StringBuilder();
    LARGEST.forEach(
        (what, value) ->
            lines.append(String.format(Locale.ROOT, "emulated device, %s: %.2e%n", what, value)));
    Path report = Path.of("target", "cuda-goldens.txt");
    Files.createDirectories(report.getParent());
    Files.writeString(report, lines);
    System.out.print(lines);
    LARGEST.clear();
  }
}
