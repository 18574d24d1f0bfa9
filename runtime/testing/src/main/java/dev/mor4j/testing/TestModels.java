package dev.mor4j.testing;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.Sharing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Small random models with a tokenizer, for tests of the public API. */
public final class TestModels {
  /** Tokenizer of the trained checkpoint; its vocabulary is {@link #VOCABULARY}. */
  public static final Path TOKENIZER =
      ProjectFiles.root().resolve(Path.of("checkpoints", "mor3-books", "tokenizer.json"));

  public static final int VOCABULARY = 2048;

  private TestModels() {}

  /** An expert-choice model of three recursions; contexts of up to 128 tokens. */
  public static Path expert(Path folder) throws IOException {
    return write(
        folder,
        new RoutingConfig.ExpertChoice(
            RoutingConfig.RouterKind.LINEAR,
            RoutingConfig.RouterFunction.SIGMOID,
            0.1f,
            1,
            true,
            List.of(1.0, 2 / 3.0, 1 / 3.0),
            false),
        Sharing.MIDDLE_CYCLE,
        3);
  }

  /** A model of four layers without routing. */
  public static Path vanilla(Path folder) throws IOException {
    return write(folder, new RoutingConfig.None(), Sharing.NONE, 1);
  }

  /** As {@link #expert}, as small as it goes and without a tokenizer: 40 tokens, 4 layers. */
  public static Path tiny(Path folder) throws IOException {
    return withoutTokenizer(folder, 8, 40);
  }

  /** As {@link #tiny}, wider and with 400 tokens: weights of some 100 KB, which are many pages. */
  public static Path pages(Path folder) throws IOException {
    return withoutTokenizer(folder, 32, 400);
  }

  private static Path withoutTokenizer(Path folder, int hidden, int vocabulary) throws IOException {
    RoutingConfig routing =
        new RoutingConfig.ExpertChoice(
            RoutingConfig.RouterKind.LINEAR,
            RoutingConfig.RouterFunction.SIGMOID,
            0.1f,
            1,
            true,
            List.of(1.0, 0.5),
            false);
    ArchitectureConfig architecture =
        ArchitectureConfig.builder()
            .hidden(hidden)
            .intermediate(16)
            .heads(2)
            .kvHeads(1)
            .headDim(4)
            .layers(4)
            .vocabulary(vocabulary)
            .maxPositions(128)
            .bosTokenId(0)
            .eosTokenIds(List.of(0))
            .build();
    ModelConfig config =
        new ModelConfig(
            architecture, Sharing.MIDDLE_CYCLE, 2, routing, Caching.RECURSION_WISE, Map.of());
    Files.createDirectories(folder);
    RandomModel.write(folder, config, DType.F32, 7);
    return folder;
  }

  private static Path write(Path folder, RoutingConfig routing, Sharing sharing, int recursions)
      throws IOException {
    int layers = sharing == Sharing.NONE ? 4 : 2 + 2 * recursions;
    ArchitectureConfig architecture =
        ArchitectureConfig.builder()
            .hidden(32)
            .intermediate(88)
            .heads(4)
            .kvHeads(2)
            .headDim(8)
            .layers(layers)
            .vocabulary(VOCABULARY)
            .maxPositions(128)
            .bosTokenId(0)
            .eosTokenIds(List.of(0))
            .build();
    ModelConfig config =
        new ModelConfig(
            architecture, sharing, recursions, routing, Caching.RECURSION_WISE, Map.of());
    Files.createDirectories(folder);
    RandomModel.write(folder, config, DType.F32, 7);
    Files.copy(TOKENIZER, folder.resolve("tokenizer.json"));
    return folder;
  }
}
