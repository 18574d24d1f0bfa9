package dev.mor4j.runtime;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.bounds.TextFiles;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The folder of a converted model, and what people take for one. */
final class ModelFolder {
  static final String CONFIG = "config.json";
  static final String WEIGHTS = "model.safetensors";
  static final String TOKENIZER = "tokenizer.json";

  /** Files that a checkpoint has and a converted model has not. */
  private static final List<String> RAW =
      List.of(
          "pytorch_model.bin",
          "pytorch_model.bin.index.json",
          "model.safetensors.index.json",
          "train_config.yaml");

  private ModelFolder() {}

  /**
   * Checks that {@code folder} has the files of a converted model, so far as their names go.
   *
   * @throws ModelFormatException that says what the folder is instead, and which command helps
   */
  static void require(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      throw new ModelFormatException(
          folder,
          "there is no such folder, expected a converted model;"
              + " \"mor4j convert SRC DST\" makes one from a checkpoint");
    }
    if (!Files.isDirectory(folder)) {
      throw new ModelFormatException(folder, "is a file, expected the folder of a converted model");
    }
    for (String name : List.of(CONFIG, WEIGHTS)) {
      if (!Files.isRegularFile(folder.resolve(name))) {
        Optional<String> sign = signOfCheckpoint(folder);
        if (sign.isPresent()) {
          throw new ModelFormatException(
              folder,
              "is a checkpoint as training left it (it has "
                  + sign.get()
                  + " and no "
                  + name
                  + "), expected a converted model; convert it first: mor4j convert "
                  + folder
                  + " DST");
        }
        throw new ModelFormatException(
            folder, "has no file " + name + ", expected a model folder as the converter writes it");
      }
    }
    tokenizer(folder);
  }

  /**
   * The files of the tokenizer of {@code folder}; empty where it has none.
   *
   * @throws ModelFormatException where something else than a file has such a name, or one of two
   *     files is missing
   */
  static List<Path> tokenizer(Path folder) throws IOException {
    return TextFiles.tokenizer(folder);
  }

  private static Optional<String> signOfCheckpoint(Path folder) throws IOException {
    for (String name : RAW) {
      if (Files.exists(folder.resolve(name))) {
        return Optional.of(name);
      }
    }
    try (DirectoryStream<Path> weights =
        Files.newDirectoryStream(folder, "*.{safetensors,bin,pt,pth,ckpt}")) {
      for (Path file : weights) {
        return Optional.of(file.getFileName().toString());
      }
    }
    return Optional.empty();
  }
}
