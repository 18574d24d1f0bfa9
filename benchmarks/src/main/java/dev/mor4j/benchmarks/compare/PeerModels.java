package dev.mor4j.benchmarks.compare;

import dev.mor4j.benchmarks.peers.HuggingFaceFolder;
import dev.mor4j.benchmarks.peers.JlamaEngine;
import dev.mor4j.benchmarks.peers.LlamaCppEngine;
import dev.mor4j.benchmarks.peers.Mor4jEngine;
import dev.mor4j.benchmarks.peers.PeerEngine;
import dev.mor4j.benchmarks.peers.PeerSettings;
import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.converter.gguf.GgufExport;
import dev.mor4j.converter.gguf.GgufOptions;
import dev.mor4j.converter.gguf.GgufType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Other engines by name, and the models of {@link BenchmarkModels} as they read them, made at their
 * first use and kept beside them:
 *
 * <pre>
 *   {models}/135m-vanilla-bf16-seed1.q8_0.gguf     llama.cpp
 *   {models}/135m-vanilla-bf16-seed1.hf            jlama
 * </pre>
 */
final class PeerModels {
  static final String OURS = "mor4j";
  static final String LLAMA_CPP = "llama.cpp";
  static final String JLAMA = "jlama";

  /** System property: where the engines' archives are, a folder for each. */
  static final String ARCHIVES = "mor4j.benchmarks.peers";

  private PeerModels() {}

  /** Types of matrices that {@code engine} computes with. */
  static List<String> types(String engine) {
    return switch (engine) {
      case LLAMA_CPP -> List.of("q8_0", "bf16", "f16", "f32");
      case JLAMA -> List.of("q4", "bf16", "f32");
      case OURS -> List.of("bf16", "f32");
      default -> throw unknown(engine);
    };
  }

  /** Whether {@code engine} leaves the choice of flash attention to its user. */
  static boolean choosesFlash(String engine) {
    return engine.equals(LLAMA_CPP);
  }

  /**
   * Opens model {@code model} with {@code engine}; the caller closes it.
   *
   * @param context most tokens of one sequence
   */
  static PeerEngine open(
      String engine,
      String model,
      String type,
      int threads,
      boolean flash,
      int context,
      int sequences)
      throws IOException {
    if (!types(engine).contains(type)) {
      throw new IllegalArgumentException(
          "type is " + type + ", expected one of " + types(engine) + " for " + engine);
    }
    PeerSettings settings =
        new PeerSettings(file(engine, model, type), type, threads, flash, context, sequences);
    return switch (engine) {
      case LLAMA_CPP -> LlamaCppEngine.open(archives(engine), settings);
      case JLAMA -> JlamaEngine.open(archives(engine), settings);
      case OURS -> Mor4jEngine.open(settings);
      default -> throw unknown(engine);
    };
  }

  /** The file or folder that {@code engine} reads, of the same random numbers as ours. */
  static Path file(String engine, String model, String type) throws IOException {
    // 4-bit weights are made of float32 ones: that is how jlama makes them.
    String stored = type.equals("f32") || type.equals("q4") ? "f32" : "bf16";
    Path ours = BenchmarkModels.folder(model, BenchmarkModels.dtype(model, stored));
    return switch (engine) {
      case LLAMA_CPP -> gguf(ours, type);
      case JLAMA -> huggingFace(ours);
      default -> ours;
    };
  }

  private static Path gguf(Path ours, String type) throws IOException {
    Path file = ours.resolveSibling(ours.getFileName() + "." + type + ".gguf");
    if (!Files.exists(file)) {
      GgufType gguf = GgufType.valueOf(type.toUpperCase(Locale.ROOT));
      System.out.println("# making " + file + " (first use)");
      GgufExport.export(ours, file, GgufOptions.DEFAULT.withType(gguf));
    }
    return file;
  }

  private static Path huggingFace(Path ours) throws IOException {
    Path folder = ours.resolveSibling(ours.getFileName() + ".hf");
    if (!Files.exists(folder)) {
      BenchmarkModels.make(folder, building -> HuggingFaceFolder.write(ours, building));
    }
    return folder;
  }

  private static Path archives(String engine) {
    String named = System.getProperty(ARCHIVES);
    Path root = named != null ? Path.of(named) : BenchmarkModels.target().resolve("peers");
    return root.resolve(engine);
  }

  private static IllegalArgumentException unknown(String engine) {
    return new IllegalArgumentException(
        "engine is " + engine + ", expected " + LLAMA_CPP + " or " + JLAMA);
  }
}
