package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.DepthBatching;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.KvCacheType;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.Token;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
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
      List<GenerationResult> alone = alone(model, requests);
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
    SplittableRandom random = new SplittableRandom(4);
    int vocabulary = model.config().architecture().vocabulary();
    int longest = Math.min(60, model.config().architecture().maxPositions() / 2);
    int[] common = random.ints(longest, 0, vocabulary).toArray();
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      int[] prompt = random.ints(i % 3 == 0 ? longest : 1 + i, 0, vocabulary).toArray();
      System.arraycopy(common, 0, prompt, 0, i % 3 == 0 ? longest - 5 : 0);
      int recursions = i % 4 == 3 ? 1 + random.nextInt(model.config().recursions()) : 0;
      requests.add(
          GenerationRequest.of(prompt)
              .withSession(SessionOptions.defaults().withMaxRecursions(recursions))
              .withGeneration(
                  GenerationOptions.defaults()
                      .withMaxNewTokens(3 + i)
                      .withTemperature(i % 2)
                      .withSeed(i)));
    }
    return requests;
  }

  private static List<GenerationResult> alone(MorModel model, List<GenerationRequest> requests) {
    List<GenerationResult> results = new ArrayList<>();
    for (GenerationRequest request : requests) {
      try (MorSession session = model.newSession(request.session())) {
        results.add(
            session.generate(
                request.promptIds().orElseThrow(), request.generation(), (Token token) -> {}));
      }
    }
    return results;
  }
}
