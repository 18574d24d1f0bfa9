package dev.mor4j.cli;

import dev.mor4j.converter.CheckpointInspection;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.DeviceOptions;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.Tokenizer;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine;

/** The model of a command, and what computes it. */
final class ModelArguments {
  @CommandLine.Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "Folder of a converted model.")
  Path folder;

  @CommandLine.Mixin KernelOptions kernels;

  /** Opens the model; the caller closes it. */
  MorModel open() throws IOException {
    return open(folder, kernels.options());
  }

  /** Opens the model in {@code folder}; the caller closes it. */
  static MorModel open(Path folder, ModelOptions options) throws IOException {
    requireFolder(folder);
    try {
      return MorModel.open(folder, options);
    } catch (IOException e) {
      if (isCheckpoint(folder)) {
        throw new ModelFormatException(
            folder,
            "a checkpoint that is not converted; convert it first: mor4j convert "
                + folder
                + " FOLDER");
      }
      throw e;
    } catch (IllegalStateException e) {
      // The machine has no library for the kernels asked for.
      throw new UsageException(e.getMessage());
    }
  }

  /** Says that {@code folder} is missing, where it is. */
  static void requireFolder(Path folder) throws NoSuchFileException {
    if (!Files.isDirectory(folder)) {
      throw new NoSuchFileException(folder.toString());
    }
  }

  private static boolean isCheckpoint(Path folder) {
    try {
      return CheckpointInspection.inspect(folder).kind() != CheckpointInspection.Kind.CONVERTED;
    } catch (IOException e) {
      return false;
    }
  }

  /** The model's tokenizer. */
  static Tokenizer tokenizer(MorModel model) throws IOException {
    if (model.tokenizer().isEmpty()) {
      throw new ModelFormatException(
          model.folder(), "has no tokenizer.json, expected one: a text has to become token ids");
    }
    return model.tokenizer().get();
  }

  /** What computes. */
  static final class KernelOptions {
    @CommandLine.Option(
        names = "--backend",
        paramLabel = "KIND",
        defaultValue = "cpu",
        description =
            "Where the model is computed: cpu, or cuda for an NVIDIA GPU, with weights, caches and"
                + " activations in its memory. Default: ${DEFAULT-VALUE}.")
    BackendChoice backend;

    @CommandLine.Option(
        names = "--device",
        paramLabel = "N",
        defaultValue = "0",
        description =
            "With cuda: which GPU, as mor4j doctor numbers them. Default: ${DEFAULT-VALUE}.")
    int device;

    @CommandLine.Option(
        names = "--device-numbers",
        paramLabel = "TYPE",
        defaultValue = "auto",
        description =
            "With cuda: number type of activations, and of weights that are not int8: auto, f32,"
                + " bf16 or f16. Default: ${DEFAULT-VALUE} (f32 for float32 weights, else bf16).")
    DeviceOptions.Numbers numbers;

    @CommandLine.Option(
        names = "--kernels",
        paramLabel = "KIND",
        defaultValue = "auto",
        description =
            "Kernels of the CPU: auto, avx512-bf16, avx512-vnni, avx512, avx2, portable or java. Default:"
                + " ${DEFAULT-VALUE}.")
    KernelChoice choice;

    @CommandLine.Option(
        names = "--threads",
        paramLabel = "N",
        defaultValue = "0",
        description = "Threads that compute. Default: as many as there are processors.")
    int threads;

    @CommandLine.Option(
        names = "--kv-cache",
        paramLabel = "TYPE",
        defaultValue = "f32",
        description = "Number type of the KV caches: f32, bf16 or int8. Default: ${DEFAULT-VALUE}.")
    KvCacheType kvCache;

    ModelOptions options() {
      return ModelOptions.defaults()
          .withBackend(backend)
          .withDevice(new DeviceOptions(device, numbers))
          .withKernels(choice)
          .withThreads(threads)
          .withKvCache(kvCache);
    }
  }
}
