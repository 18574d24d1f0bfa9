package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.DepthBatching;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.OffHeapMemory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every variant of models, served from the emulated device by the same scheduler: requests of one
 * engine give the tokens and depths that the CPU gives to each alone.
 */
class CudaServedTest {
  private static final int REQUESTS = 5;

  @TempDir Path dir;

  static List<String> goldens() throws IOException {
    try (Stream<Path> goldens = Files.list(Checkpoints.golden(""))) {
      return goldens
          .filter(Files::isDirectory)
          .map(golden -> golden.getFileName().toString())
          // Weights of 16 bits are multiplied in 16 bits there, and in 32 on the CPU.
          .filter(name -> !name.contains("bf16"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("goldens")
  void servedAsTheCpuDoesAlone(String name) throws Exception {
    Path folder = dir.resolve("model");
    CheckpointConverter.convert(Checkpoints.golden(name), folder, ConversionOptions.DEFAULT);
    ModelOptions cuda = ModelOptions.defaults().withBackend(BackendChoice.CUDA);
    long before = OffHeapMemory.totalBytes();
    try (MorModel cpu = MorModel.open(folder);
        MorModel model = MorModel.open(folder, cuda)) {
      List<GenerationRequest> requests = requests(model);
      List<GenerationResult> alone = ServedRequests.alone(cpu, requests);
      for (DepthBatching batching : DepthBatching.values()) {
        EngineOptions options =
            EngineOptions.defaults()
                .withMaxSequences(4)
                .withStepTokens(23)
                .withDepthBatching(batching);
        try (MorEngine engine = model.newEngine(options)) {
          List<Generation> generations = requests.stream().map(engine::submit).toList();
          for (int i = 0; i < REQUESTS; i++) {
            GenerationResult served = generations.get(i).result().get(5, TimeUnit.MINUTES);
            assertThat(served.tokens()).as("%s", batching).isEqualTo(alone.get(i).tokens());
            assertThat(served.promptDepths()).isEqualTo(alone.get(i).promptDepths());
          }
        }
      }
    }
    assertThat(OffHeapMemory.totalBytes()).isEqualTo(before);
  }

  private static List<GenerationRequest> requests(MorModel model) {
    // What the host draws, by a repetition penalty, beside what the device draws.
    return ServedRequests.random(
        model,
        REQUESTS,
        50,
        (i, random, request) ->
            request.withGeneration(
                GenerationOptions.greedy()
                    .withMaxNewTokens(3 + i)
                    .withRepetitionPenalty(i == 2 ? 1.2 : 1)));
  }
}
