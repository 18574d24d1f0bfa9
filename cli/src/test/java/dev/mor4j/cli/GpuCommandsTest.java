package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.CudaReport;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.OffHeapMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Commands with {@code --backend cuda}, on the emulated GPU: what they give on the CPU, and what
 * they say where there is no GPU or no room on it.
 */
class GpuCommandsTest extends CommandLineTest {
  /** Of the products; a model has it from the start. */
  private static final long WORKSPACE_BYTES = 32L << 20;

  @TempDir static Path shared;
  private static Path model;
  private static Path text;

  @BeforeAll
  static void convert() throws IOException {
    CudaReport report = CudaReport.read();
    assertThat(report.available() && report.emulated()).as("%s", report).isTrue();
    model = converted(TRAINED, shared.resolve("model"));
    text =
        Files.writeString(
            shared.resolve("part.txt"), Files.readString(ALICE).substring(2000, 2600));
  }

  private static Object[] onGpu(Object... command) {
    Object[] all = Arrays.copyOf(command, command.length + 3);
    all[command.length] = "--backend=cuda";
    all[command.length + 1] = "--device=0";
    all[command.length + 2] = "--device-numbers=f32";
    return all;
  }

  @Test
  void textsAreThoseOfTheCpu() {
    Object[][] commands = {
      {"generate", model, "-p", "The captain", "--greedy", "-n", 24},
      {"generate", model, "-p", "The captain", "--seed", 5, "--top-p", 1, "-n", 24},
      {"generate", model, "-p", "The captain", "--greedy", "-n", 12, "--show-depths"},
      {"depths", model, "--text", text, "--limit", 2, "--color=never"},
    };
    for (Object[] command : commands) {
      String expected = run(command).succeeds().out();
      assertThat(run(onGpu(command)).succeeds().out())
          .as("%s", Arrays.toString(command))
          .isNotBlank()
          .isEqualTo(expected);
    }
    assertThat(run(onGpu("generate", model, "-p", "x", "-n", 2, "--stats")).succeeds().err())
        .contains("CUDA on ", "emulated");
  }

  @ParameterizedTest
  @ValueSource(strings = {"topk", "threshold"})
  void likelihoodIsThatOfTheCpu(String routing) {
    Object[] command = {
      "perplexity",
      model,
      "--text",
      text,
      "--window",
      48,
      "--windows",
      2,
      "--routing",
      routing,
      "--json"
    };
    JsonNode expected = run(command).succeeds().json();
    JsonNode found = run(onGpu(command)).succeeds().json();
    assertThat(found.get("nll_nats_per_token").asDouble())
        .isCloseTo(expected.get("nll_nats_per_token").asDouble(), within(1e-4));
    assertThat(found.get("active_per_recursion")).isEqualTo(expected.get("active_per_recursion"));
  }

  @Test
  void goldensAreVerified() throws IOException {
    Path golden = golden("expert-n3");
    Path expected = golden.resolve("expected.safetensors");
    Run verified = run(onGpu("verify", golden, "--expected", expected)).succeeds();
    assertThat(verified.out()).contains("passed, with CUDA on ");
    String same =
        run(onGpu("compare", model, model, "--text", text, "--window", 32, "--windows", 1))
            .succeeds()
            .out();
    assertThat(same).contains("0.000000 nats per token", "100.000 % of tokens");
  }

  @Test
  void loadIsServed() throws IOException {
    Path results = dir.resolve("load.json");
    Path small = converted(golden("expert-n3"), dir.resolve("small"));
    run(onGpu(
            "bench-serve",
            small,
            "--concurrency",
            2,
            "--requests",
            8,
            "--prompt-mean",
            4,
            "--output-mean",
            5,
            "--kv-budget",
            "64M",
            "--json",
            results))
        .succeeds();
    assertThat(Files.readString(results)).contains("CUDA on ", "\"passed\" : true");
  }

  @Test
  void theDoctorMeasuresTheModelThere() throws IOException {
    Path small = converted(golden("expert-n3"), dir.resolve("small"));
    JsonNode json = run(onGpu("doctor", small, "--quick", "--json")).succeeds().json();
    assertThat(json.at("/backend").asText()).isEqualTo("cuda");
    assertThat(json.at("/computed_by").asText()).startsWith("CUDA on ").contains("emulated");
    assertThat(json.at("/model/decode/tokens_per_second/median").asDouble()).isPositive();
    assertThat(json.at("/model/decode/share_of_bandwidth").isNull()).isTrue();
    assertThat(json.at("/model/prefill/share_of_peak").isNull()).isTrue();
    assertThat(json.at("/advice").toString()).contains("emulated", "MOR4J_CUDA_LIBRARY");
    assertThat(run(onGpu("doctor", small, "--quick")).succeeds().out())
        .contains("  computed by     CUDA on ", "emulated CUDA ");
  }

  @Test
  void aGpuThatIsNotThereIsWrongUsage() {
    run("generate", model, "-p", "x", "--backend", "cuda", "--device", 7)
        .fails(2, "device is 7, expected 0 to 0");
    run("doctor", "--quick", "--backend", "cuda", "--device", 7)
        .fails(2, "--device is 7, expected 0 to 0");
    run("generate", model, "-p", "x", "--backend", "gpu").fails(2, "expected cpu or cuda");
    run("generate", model, "-p", "x", "--device-numbers", "f8").fails(2, "expected auto, f32");
    run("generate", model, "-p", "x", "--backend", "cuda", "--device", -1).fails(2, "device is -1");
  }

  @Test
  void withoutCudaCommandsSayWhatWasTried() throws Exception {
    List<String> off = List.of("-Dmor4j.cuda.library=none");
    for (String command : List.of("generate", "serve", "doctor")) {
      List<String> rest = command.equals("generate") ? List.of("-p", "x") : List.of();
      process(Map.of(), off, command, model, "--backend=cuda", rest)
          .fails(2, "mor4j: no CUDA: CUDA: switched off by mor4j.cuda.library");
    }
    Path none = dir.resolve("none.so");
    process(Map.of("MOR4J_CUDA_LIBRARY", none.toString()), List.of(), "generate", model)
        .fails(2, "--prompt");
    process(
            Map.of("MOR4J_CUDA_LIBRARY", none.toString()),
            List.of(),
            "generate",
            model,
            "--backend=cuda",
            List.of("-p", "x"))
        .fails(2, none + ": named by option: no such file");
    JsonNode gpu =
        process(Map.of(), off, "doctor", "--quick", "--json").succeeds().json().get("gpu");
    assertThat(gpu.get("available").asBoolean()).isFalse();
    assertThat(gpu.get("obstacle").asText()).isEqualTo("switched_off");
    assertThat(gpu.get("tried").get(0).get("reason").asText()).contains("switched off");
    assertThat(process(Map.of(), off, "doctor", "--quick", "--backend=cuda").succeeds().out())
        .contains(
            "GPU:      none: CUDA is switched off", "--backend cuda, and CUDA cannot be used");
  }

  @Test
  void withoutRoomTheyEndWithFive() throws Exception {
    long weights;
    try (MorModel opened =
        MorModel.open(model, ModelOptions.defaults().withBackend(BackendChoice.CUDA))) {
      assertThat(opened.backendDescription()).contains("emulated");
      weights = OffHeapMemory.bytes(OffHeapMemory.Use.DEVICE_WEIGHTS);
    }
    String cuda = "--backend=cuda";
    List<String> prompt = List.of("-p", "x");
    Map<String, String> less = limit(WORKSPACE_BYTES + weights / 2);
    process(less, List.of(), "generate", model, cuda, prompt)
        .fails(5, "mor4j: no room on the GPU for weights: asked for ");
    Map<String, String> weightsOnly = limit(WORKSPACE_BYTES + weights + (64 << 10));
    process(weightsOnly, List.of(), "generate", model, cuda, prompt)
        .fails(5, "mor4j: no room on the GPU for activations: asked for ");
    process(weightsOnly, List.of(), "perplexity", model, cuda, "--text", text, "--window", 32)
        .fails(5, "mor4j: no room on the GPU for activations: asked for ");
    Map<String, String> noCaches = limit(WORKSPACE_BYTES + weights + (500L << 20));
    process(noCaches, List.of(), "serve", model, cuda, "--port=0", "--kv-budget=1G")
        .fails(5, "mor4j: no room on the GPU for KV caches of 1073741824 bytes");
    process(noCaches, List.of(), "bench-serve", model, cuda, "--kv-budget=1G", "--concurrency=1")
        .fails(5, "no room on the GPU for KV caches of 1073741824 bytes");
  }

  private static Map<String, String> limit(long bytes) {
    return Map.of("MOR4J_EMULATED_MEMORY", Long.toString(bytes));
  }

  /** Runs a command in a JVM of its own; on the emulated GPU where nothing else is said. */
  private Run process(Map<String, String> environment, List<String> options, Object... arguments)
      throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=dev.mor4j.bindings",
                "-p",
                System.getProperty("jdk.module.path"),
                "-cp",
                System.getProperty("java.class.path")));
    if (options.isEmpty() && !environment.containsKey("MOR4J_CUDA_LIBRARY")) {
      command.add("-Dmor4j.cuda.library=" + System.getProperty("mor4j.cuda.library"));
    }
    command.addAll(options);
    command.addAll(List.of("-m", "dev.mor4j.cli/dev.mor4j.cli.Main"));
    for (Object argument : arguments) {
      if (argument instanceof List<?> several) {
        several.forEach(each -> command.add(each.toString()));
      } else {
        command.add(argument.toString());
      }
    }
    Path out = dir.resolve("out");
    Path err = dir.resolve("err");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
  }
}
