package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.converter.CheckpointInspection;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.DeviceOptions;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.Tokenizer;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.WeightsPlacement;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** The model of a command, and what computes it. */
public final class ModelArguments {
  @CommandLine.Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "The folder of a converted model.")
  public Path folder;

  @CommandLine.Mixin KernelOptions kernels;

  /** Opens the model; the caller closes it. */
  public MorModel open() throws IOException {
    return open(folder, kernels.options());
  }

  /** Opens the model in {@code folder}; the caller closes it. */
  public static MorModel open(Path folder, ModelOptions options) throws IOException {
    requireModelFolder(folder);
    try {
      return MorModel.open(folder, options);
    } catch (IOException e) {
      requireNoCheckpoint(folder);
      throw e;
    } catch (IllegalStateException e) {
      // The machine has no library for the kernels asked for.
      throw new UsageException(e.getMessage());
    }
  }

  /** Says what is wrong with a path that is to be a folder. */
  public static void requireFolder(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      throw new NoSuchFileException(folder.toString());
    }
    if (!Files.isDirectory(folder)) {
      throw new ModelFormatException(folder, "this is a file, expected the folder of a model");
    }
  }

  /** Says which command helps where {@code folder} is missing, or is no converted model. */
  public static void requireConverted(Path folder) throws IOException {
    requireModelFolder(folder);
    requireNoCheckpoint(folder);
  }

  private static void requireModelFolder(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      throw new ModelFormatException(
          folder,
          "no such file or folder, expected the folder of a converted model; to make one from a"
              + " checkpoint: mor4j convert SRC "
              + folder);
    }
    requireFolder(folder);
  }

  private static void requireNoCheckpoint(Path folder) throws IOException {
    if (CheckpointInspection.isCheckpoint(folder)) {
      throw new ModelFormatException(
          folder,
          "this is a checkpoint that is not converted, expected a converted model; convert it"
              + " first: mor4j convert "
              + folder
              + " DST");
    }
  }

  /** The model's tokenizer. */
  public static Tokenizer tokenizer(MorModel model) throws IOException {
    if (model.tokenizer().isEmpty()) {
      throw new ModelFormatException(
          model.folder(),
          "has no tokenizer, expected tokenizer.json, tokenizer.model, or vocab.json with merges.txt:"
              + " a text has to become token ids");
    }
    return model.tokenizer().get();
  }

  /** What computes. */
  public static final class KernelOptions {
    private static final String SPIN = "--spin-us";
    private static final String REQUIRE = "--require-native";
    private static final List<String> OF_CUDA = List.of("--device", "--device-numbers");
    private static final List<String> OF_CPU = List.of("--kernels", "--threads", SPIN, REQUIRE);

    @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
    CommandLine.Model.CommandSpec command;

    @CommandLine.Option(
        names = "--backend",
        paramLabel = "KIND",
        defaultValue = "cpu",
        description =
            "Where the model is computed: cpu, or cuda for an NVIDIA GPU, which then holds weights,"
                + " caches and activations. Default: ${DEFAULT-VALUE}.")
    BackendChoice backend;

    @CommandLine.Option(
        names = "--device",
        paramLabel = "N",
        defaultValue = "0",
        description =
            "With cuda: the number of the GPU, as mor4j doctor shows it. Default: ${DEFAULT-VALUE}.")
    int device;

    @CommandLine.Option(
        names = "--device-numbers",
        paramLabel = "TYPE",
        defaultValue = "auto",
        description =
            "With cuda: the number type of activations, and of weights that are not int8: auto, f32,"
                + " bf16 or f16. Default: ${DEFAULT-VALUE}, which is f32 for float32 weights and bf16"
                + " for others.")
    DeviceOptions.Numbers numbers;

    @CommandLine.Option(
        names = "--kernels",
        paramLabel = "KIND",
        defaultValue = "auto",
        description =
            "With cpu: the kernels that compute: auto, avx512-bf16, avx512-vnni, avx512, avx2,"
                + " portable or java. Default: ${DEFAULT-VALUE}.")
    KernelChoice choice;

    @CommandLine.Option(
        names = REQUIRE,
        description =
            "With cpu: end with an error where native kernels cannot be loaded. Without it plain Java"
                + " computes, 10 to 100 times slower, with a warning.")
    boolean requireNative;

    @CommandLine.Option(
        names = "--threads",
        paramLabel = "N",
        defaultValue = "0",
        description =
            "With cpu: the number of threads that compute. Default: as many as there are processors.")
    int threads;

    @CommandLine.Option(
        names = SPIN,
        paramLabel = "N",
        description =
            "With cpu: how many microseconds the threads wait awake for the next pass before they"
                + " sleep. Default: ${DEFAULT-VALUE}.")
    int spinMicroseconds;

    @CommandLine.Option(
        names = "--kv-cache",
        paramLabel = "TYPE",
        defaultValue = "f32",
        description =
            "The number type of the KV caches: f32, bf16 or int8. Default: ${DEFAULT-VALUE}.")
    KvCacheType kvCache;

    @CommandLine.Option(
        names = "--weights",
        paramLabel = "PLACE",
        defaultValue = "auto",
        description =
            "Where the weights are: mapped, in their file, which must not change while the model is"
                + " open; copied, in memory; or auto, which copies files of network file systems."
                + " Default: ${DEFAULT-VALUE}.")
    WeightsPlacement weights;

    static Map<String, String> defaults() {
      return Map.of(SPIN, Integer.toString(ModelOptions.defaults().spinMicroseconds()));
    }

    /** How a model is opened. Refuses options of a backend that does not compute it. */
    public ModelOptions options() {
      GivenOptions given = new GivenOptions(command);
      if (backend == BackendChoice.CUDA) {
        given.refuse(OF_CPU, "with --backend cuda");
      }
      if (choice == KernelChoice.JAVA) {
        given.refuse(List.of("--threads", SPIN), "with --kernels java, which run on one thread");
        given.refuse(List.of(REQUIRE), "with --kernels java, which are not native");
      }
      return optionsOfMachine();
    }

    /** The same for a command that examines the CPU's kernels whatever computes the model. */
    public ModelOptions optionsOfMachine() {
      if (backend != BackendChoice.CUDA) {
        new GivenOptions(command).refuse(OF_CUDA, "without --backend cuda");
      }
      return ModelOptions.defaults()
          .withNativeRequired(requireNative)
          .withBackend(backend)
          .withDevice(DeviceOptions.defaults().withOrdinal(device).withNumbers(numbers))
          .withKernels(choice)
          .withThreads(threads)
          .withSpinMicroseconds(spinMicroseconds)
          .withKvCache(kvCache)
          .withWeights(weights);
    }
  }
}
