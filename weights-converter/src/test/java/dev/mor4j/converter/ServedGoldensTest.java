package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.DepthBatching;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every variant of models, served: requests of one engine, many at a time and with any number of
 * recursions, give the tokens and depths that each gives alone in a session. Untied attention and
 * norms are among them, where recursions cannot share a pass.
 */
class ServedGoldensTest {
  private static final int REQUESTS = 12;

  @TempDir Path dir;

  static List<Arguments> goldensAndCaches() throws IOException {
    List<Arguments> all = new ArrayList<>();
    try (Stream<Path> goldens = Files.list(Checkpoints.golden(""))) {
      for (Path golden : goldens.filter(Files::isDirectory).sorted().toList()) {
        for (KvCacheType kv : KvCacheType.values()) {
          all.add(Arguments.of(golden.getFileName().toString(), kv));
        }
      }
    }
    return all;
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("goldensAndCaches")
  void servedAsAlone(String name, KvCacheType kv) throws Exception {
    Path folder = dir.resolve("model");
    CheckpointConverter.convert(Checkpoints.golden(name), folder, ConversionOptions.DEFAULT);
    try (MorModel model = MorModel.open(folder, ModelOptions.defaults().withKvCache(kv))) {
      List<GenerationRequest> requests = requests(model);
      List<GenerationResult> alone = ServedRequests.alone(model, requests);
      for (DepthBatching batching : DepthBatching.values()) {
        EngineOptions options =
            EngineOptions.defaults()
                .withMaxSequences(5)
                .withStepTokens(23)
                .withDepthBatching(batching);
        try (MorEngine engine = model.newEngine(options)) {
          List<Generation> generations = requests.stream().map(engine::submit).toList();
          for (int i = 0; i < REQUESTS; i++) {
            GenerationResult served = generations.get(i).result().get(5, TimeUnit.MINUTES);
            assertThat(served.tokens()).isEqualTo(alone.get(i).tokens());
            assertThat(served.promptDepths()).isEqualTo(alone.get(i).promptDepths());
            assertThat(served.finishReason()).isEqualTo(alone.get(i).finishReason());
          }
          assertThat(engine.statistics().cachedPromptTokens()).isPositive();
        }
      }
    }
  }

  private static List<GenerationRequest> requests(MorModel model) {
    int most = model.config().recursions();
    return ServedRequests.random(
        model,
        REQUESTS,
        60,
        (i, random, request) ->
            request
                .withSession(
                    SessionOptions.defaults()
                        .withMaxRecursions(i % 4 == 3 ? 1 + random.nextInt(most) : 0))
                .withGeneration(
                    GenerationOptions.defaults()
                        .withMaxNewTokens(3 + i)
                        .withTemperature(i % 2)
                        .withSeed(i)));
  }
}
