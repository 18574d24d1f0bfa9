package dev.mor4j.benchmarks.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.DecodeBytes;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.format.WeightCost;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The device's benchmark on the emulated one: what it counts, not how fast anything is. */
class DeviceBenchmarkTest {
  @TempDir Path dir;

  @BeforeEach
  void nameModels() {
    System.setProperty(BenchmarkModels.MODELS, dir.resolve("models").toString());
  }

  @AfterEach
  void forgetModels() {
    System.clearProperty(BenchmarkModels.MODELS);
  }

  private static PrintStream printing(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static JsonNode figure(JsonNode document, String name, String model) {
    for (JsonNode figure : document.path("figures")) {
      if (figure.path("name").asText().equals(name)
          && figure.path("model").asText().equals(model)) {
        return figure;
      }
    }
    throw new AssertionError("no figure " + name + " of " + model + " in " + document);
  }

  private static double value(JsonNode document, String name, String model) {
    return figure(document, name, model).path("value").asDouble();
  }

  @Test
  void figuresArePlausible() throws IOException, InterruptedException {
    Path json = dir.resolve("figures.json");
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    int code = DeviceBenchmark.run(List.of("--tiny", "--json", json.toString()), printing(printed));

    assertThat(code).isZero();
    JsonNode document = new ObjectMapper().readTree(json.toFile());
    assertThat(document.path("gpu").path("emulated").asBoolean()).isTrue();
    assertThat(document.path("seeds").path("weights").asLong()).isEqualTo(BenchmarkModels.SEED);
    assertThat(value(document, "memory bandwidth", "")).isPositive();
    for (String model : DeviceSettings.tiny().models()) {
      for (String what : List.of("decode, 1 sequence", "decode, 3 sequences")) {
        assertThat(value(document, what, model)).as(what).isPositive();
        assertThat(value(document, what + ": share of bandwidth", model)).as(what).isPositive();
        double depth =
            Double.parseDouble(
                figure(document, what, model).path("detail").asText().replaceAll(".*depth ", ""));
        assertThat(depth).as(what).isBetween(1.0, model.equals("tiny") ? 3.0 : 1.0);
        assertThat(value(document, what + ": enqueueing", model)).as(what).isPositive();
        double graphs = value(document, what + ": graph launches", model);
        assertThat(graphs).as(what).isPositive();
        // A layer is five kernels.
        assertThat(value(document, what + ": graph nodes", model)).isGreaterThan(graphs * 5);
      }
      assertThat(value(document, "prefill", model)).isPositive();
      assertThat(value(document, "device memory, device_weights", model)).isPositive();
      assertThat(value(document, "served, continuous", model)).isPositive();
    }
    assertThat(value(document, "served, off", "tiny")).isPositive();
    assertThat(value(document, "served, continuous ÷ tiny-vanilla", "tiny")).isPositive();
    assertThat(value(document, "device memory lost by sessions", "tiny")).isZero();
    assertThat(value(document, "KV pages still lent", "tiny")).isZero();
    assertThat(value(document, "device memory after all models are closed", "")).isZero();
    String text = printed.toString(StandardCharsets.UTF_8);
    assertThat(text).contains("emulated").contains("served, off").doesNotContain("NaN");
  }

  /** One graph takes a token all the way. */
  @Test
  void oneSequenceLaunchesOneGraphForAToken() throws IOException, InterruptedException {
    Path json = dir.resolve("figures.json");
    DeviceBenchmark.run(
        List.of("--tiny", "--tokens", "12", "--json", json.toString()),
        printing(new ByteArrayOutputStream()));

    JsonNode document = new ObjectMapper().readTree(json.toFile());
    assertThat(value(document, "decode, 1 sequence: graph launches", "tiny")).isBetween(1.0, 2.0);
  }

  @Test
  void bytesAreThoseThatDecodingMustRead() throws IOException {
    ModelOptions options = ModelOptions.defaults().withBackend(BackendChoice.CPU);
    try (MorModel model = MorModel.open(BenchmarkModels.folder("tiny", "bf16"), options)) {
      DecodeBytes bytes = DecodeBytes.of(model);
      WeightCost weights = bytes.weights();
      // Two unique layers and two of a block of six, in a cache of float32: 2 · NKV · DH numbers.
      assertThat(bytes.commonEntryBytes()).isEqualTo(2 * 2 * 32 * Float.BYTES);
      assertThat(bytes.blockEntryBytes()).isEqualTo(2 * 2 * 32 * Float.BYTES);
      assertThat(bytes.passes(3, 1)).isEqualTo(weights.decodeBytes(3));
      // Of 100 tokens all are in recursion 0 and half of them in recursion 1, as is the token.
      assertThat(bytes.keysAndValues(100, new double[] {1, 0.5, 0}))
          .isEqualTo(512.0 * (100 + 100 + 0.5 * 50));
    }
  }

  @Test
  void goldensArePassedAndAFailureIsTold() throws IOException {
    Path golden =
        Path.of(System.getProperty("basedir", "")).resolve("../testdata/goldens/token-n3");
    Path json = dir.resolve("goldens.json");
    ByteArrayOutputStream printed = new ByteArrayOutputStream();

    assertThat(DeviceGoldens.run(List.of(json.toString(), golden.toString()), printing(printed)))
        .isZero();
    JsonNode results = new ObjectMapper().readTree(json.toFile());
    assertThat(results).hasSize(2);
    assertThat(results.path(0).path("difference").asDouble()).isBetween(0.0, 1e-3);
    assertThat(results.path(0).path("decisions").asLong()).isPositive();
    assertThat(results.path(1).path("difference").asDouble()).isBetween(1e-5, 0.04);

    Path spoiled = Files.createDirectories(dir.resolve("spoiled"));
    try (var files = Files.list(golden)) {
      for (Path file : files.toList()) {
        Files.copy(file, spoiled.resolve(file.getFileName()));
      }
    }
    Path other = golden.resolveSibling("token-n3-sigmoid").resolve("expected.safetensors");
    Files.delete(spoiled.resolve("expected.safetensors"));
    Files.copy(other, spoiled.resolve("expected.safetensors"));
    assertThat(DeviceGoldens.run(List.of(json.toString(), spoiled.toString()), printing(printed)))
        .isEqualTo(1);
  }

  @Test
  void reportHasWhatStepsLeft() throws IOException {
    Files.writeString(
        dir.resolve("facts.json"), "{\"gpu\": {\"name\": \"G\"}, \"cuda\": \"CUDA 13.0\"}");
    Files.writeString(dir.resolve("machine.tsv"), "host\tH\n");
    Files.writeString(
        dir.resolve("steps.tsv"), "kernels\tpassed\t1.5\t0\t14 programs\nbench\tskipped\t0\t0\t\n");
    Files.writeString(dir.resolve("figures.json"), "{\"figures\": [{\"name\": \"f\", \"mod");
    ByteArrayOutputStream printed = new ByteArrayOutputStream();

    assertThat(DeviceReport.write(dir, printing(printed))).isZero();
    JsonNode document = new ObjectMapper().readTree(dir.resolve("gpu-check.json").toFile());
    assertThat(document.path("machine").path("host").asText()).isEqualTo("H");
    assertThat(document.path("checks").path(0).path("seconds").asDouble()).isEqualTo(1.5);
    assertThat(document.path("figures").isNull()).isTrue();
    assertThat(printed.toString(StandardCharsets.UTF_8)).contains("| kernels | passed | 1.500 |");

    String one = "{\"name\": \"decode, 1 sequence\", \"model\": \"m\", \"value\": %d}";
    Files.writeString(dir.resolve("figures.json"), "{\"figures\": [" + one.formatted(3) + "]}");
    Files.writeString(
        dir.resolve("apart.json"),
        "{\"figures\": [" + one.formatted(2) + ", {\"name\": \"decode, 2 sequences\"}]}");
    printed.reset();
    assertThat(DeviceReport.write(dir, printing(printed))).isZero();
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .contains("| decode, 1 sequence | m | 3 |")
        .contains("| kernels without overlap: decode, 1 sequence | m | 2 |")
        .doesNotContain("2 sequences");

    Files.writeString(dir.resolve("steps.tsv"), "kernels\tfailed\t1.5\t1\t\n");
    assertThat(DeviceReport.write(dir, printing(printed))).isEqualTo(1);
    Files.writeString(dir.resolve("facts.json"), "{\"gpu\": null, \"reason\": \"none\"}");
    assertThat(DeviceReport.write(dir, printing(printed))).isEqualTo(DeviceFacts.NO_GPU);
  }

  @Test
  void settingsFitTheDevice() {
    DeviceSettings full = DeviceSettings.full();
    assertThat(full.fitting(80L << 30)).isEqualTo(full);
    DeviceSettings small = full.fitting((6L << 30) + 12345);
    assertThat(small.kvBytes()).isBetween((3L << 30), (3L << 30) + 12345);
    assertThat(small.copyBytes()).isEqualTo(768L << 20);
    assertThat(small.models()).isEqualTo(full.models());
  }

  @Test
  void settingsAreChecked() {
    assertThat(DeviceSettings.parse(List.of("--batch", "64", "--models", "a,b")).models())
        .containsExactly("a", "b");
    assertThatThrownBy(() -> DeviceSettings.parse(List.of("--batches", "3")))
        .hasMessageContaining("--batches");
    assertThatThrownBy(() -> DeviceSettings.parse(List.of("--batch", "x")))
        .hasMessageContaining("--batch is x");
    assertThatThrownBy(() -> DeviceSettings.parse(List.of("--batch")))
        .hasMessageContaining("without a value");
  }
}
