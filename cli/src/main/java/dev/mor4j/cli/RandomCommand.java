package dev.mor4j.cli;

import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.converter.OutputFolder;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.PaperShapes;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j random}: a model of the paper's size with random weights, to measure with. */
@CommandLine.Command(
    name = "random",
    header = "Makes a model folder with random weights in a size of the paper.",
    description = {
      "The model is for measurements: it computes as much as a trained one, but its texts mean"
          + " nothing. N recursions must divide the layers between the first and the last. Where"
          + " they do not, the model has fewer layers: 29 instead of 30 for 135m with 3 recursions,"
          + " 30 instead of 32 for 360m with 4. It has no tokenizer, so generate with"
          + " --prompt-ids."
    },
    sortOptions = false)
final class RandomCommand implements Callable<Integer> {
  /** Routers of the model. */
  enum Routing {
    EXPERT,
    TOKEN
  }

  /** What the recursions cache. */
  enum CachingChoice {
    RECURSION_WISE(Caching.RECURSION_WISE),
    SHARED(Caching.SHARED),
    SHARED_UPDATE(Caching.SHARED_UPDATE);

    private final Caching caching;

    CachingChoice(Caching caching) {
      this.caching = caching;
    }

    @Override
    public String toString() {
      return caching.configName().replace('_', '-');
    }
  }

  private final Terminal terminal;

  @CommandLine.Parameters(index = "0", paramLabel = "DIR", description = "The folder to make.")
  Path folder;

  @CommandLine.Option(
      names = "--shape",
      required = true,
      paramLabel = "SIZE",
      description = "The size: 135m or 360m.")
  String shape;

  @CommandLine.Option(
      names = "--recursions",
      required = true,
      paramLabel = "N",
      description = "The number of recursions: 1 (a vanilla model), 2, 3 or 4.")
  int recursions;

  @CommandLine.Option(
      names = "--routing",
      paramLabel = "KIND",
      description = "The choice of the routers: expert or token. Default: expert.")
  Routing routing;

  @CommandLine.Option(
      names = "--caching",
      paramLabel = "KIND",
      description =
          "What is cached: recursion-wise, shared or shared-update. Default: recursion-wise.")
  CachingChoice caching;

  @CommandLine.Option(
      names = "--dtype",
      paramLabel = "TYPE",
      defaultValue = "bf16",
      description = "The number type of the weights: f32 or bf16. Default: ${DEFAULT-VALUE}.")
  DType dtype;

  @CommandLine.Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "The seed of the weights. Equal seeds make equal files. Default: ${DEFAULT-VALUE}.")
  long seed;

  @CommandLine.Option(
      names = "--vocab",
      paramLabel = "V",
      defaultValue = "49152",
      description = "The size of the vocabulary. Default: ${DEFAULT-VALUE}.")
  int vocabulary;

  @CommandLine.Mixin CommonOptions common;

  RandomCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    ModelConfig config = config();
    try (OutputFolder output = OutputFolder.create(folder, false)) {
      RandomModel.write(output.path(), config, dtype, seed);
      output.commit();
    }
    int layers = config.architecture().layers();
    terminal
        .out()
        .print(
            Sizes.format(
                "%s: %s, %d layers%s, %s of weights%n",
                folder,
                shape,
                layers,
                recursions == 1
                    ? ""
                    : Sizes.format(" = 1 + %d × %d + 1", recursions, config.blockLayers()),
                Sizes.bytes(Files.size(folder.resolve("model.safetensors")))));
    int own = PaperShapes.of(shape + "-vanilla").architecture().layers();
    if (layers != own) {
      terminal.say(
          "mor4j: note: the model has %d layers instead of %d, so that %d recursions divide the inner ones",
          layers, own, recursions);
    }
    return ExitCode.SUCCESS;
  }

  private ModelConfig config() {
    if (!shape.equals("135m") && !shape.equals("360m")) {
      throw new UsageException("--shape is " + shape + ", expected 135m or 360m");
    }
    if (recursions < 1 || recursions > 4) {
      throw new UsageException("--recursions is " + recursions + ", expected 1 to 4");
    }
    if (dtype != DType.F32 && dtype != DType.BF16) {
      throw new UsageException("--dtype is " + dtype + ", expected f32 or bf16");
    }
    if (vocabulary < 1 || vocabulary > 1 << 24) {
      throw new UsageException("--vocab is " + vocabulary + ", expected 1 to " + (1 << 24));
    }
    if (recursions == 1 && (routing != null || caching != null)) {
      throw new UsageException("--routing and --caching need 2 or more recursions");
    }
    if (routing == Routing.TOKEN && caching == CachingChoice.SHARED_UPDATE) {
      throw new UsageException("--caching shared-update needs --routing expert");
    }
    ModelConfig paper =
        PaperShapes.of(shape + (recursions == 1 ? "-vanilla" : "-mor" + recursions));
    return new ModelConfig(
        withVocabulary(paper.architecture()),
        paper.sharing(),
        paper.recursions(),
        routing == Routing.TOKEN ? tokenChoice() : paper.routing(),
        caching == null ? paper.caching() : caching.caching,
        Map.of());
  }

  /** As the authors' token-choice models: linear, softmax, weighted, balanced by a loss. */
  private static RoutingConfig tokenChoice() {
    return new RoutingConfig.TokenChoice(
        RoutingConfig.RouterKind.LINEAR, RoutingConfig.RouterFunction.SOFTMAX, 1f, 1f, true, false);
  }

  private ArchitectureConfig withVocabulary(ArchitectureConfig a) {
    return a.toBuilder().vocabulary(vocabulary).build();
  }
}
