package dev.mor4j.benchmarks.setup;

import dev.mor4j.converter.CheckpointConverter;
import dev.mor4j.converter.ConversionOptions;
import dev.mor4j.converter.Quantization;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.PaperShapes;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.Sharing;
import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.text.bounds.TextFiles;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The model folders that the benchmarks run on, made at their first use and kept:
 *
 * <pre>
 *   {models}/demo                      checkpoints/mor3-books, converted, with nothing that ends a text
 *   {models}/135m-mor3-bf16-seed1      random weights in a shape of {@link PaperShapes}
 *   {models}/135m-mor3-int8-seed1      the same bfloat16 weights, packed
 *   {models}/mine-1a2b3c4d             a user's model in /path/to/mine, with nothing that ends a text
 * </pre>
 *
 * <p>A name with a slash in it is the path of a converted model.
 *
 * <p>{@code models} is the folder that {@value #MODELS} names, else {@code
 * benchmarks/target/models}.
 */
public final class BenchmarkModels {
  /** System property: where model folders are kept. */
  public static final String MODELS = "mor4j.benchmarks.models";

  /** System property: the checkpoint that is converted to {@code demo}. */
  public static final String CHECKPOINT = "mor4j.benchmarks.checkpoint";

  public static final String DEMO = "demo";

  /** A small model of the tests. */
  public static final String TINY = "tiny";

  /** The same without a router. */
  public static final String TINY_VANILLA = "tiny-vanilla";

  /** Of all random weights. */
  public static final long SEED = 1;

  /** The number type of a folder that the user names: whatever is stored there. */
  public static final String STORED = "stored";

  private static final List<Double> THIRDS = List.of(1.0, 2 / 3.0, 1 / 3.0);

  private static final String WEIGHTS = "model.safetensors";

  private BenchmarkModels() {}

  /** Number types that are packed, and how; {@code bf16} alone is row-major. */
  private static final Map<String, Quantization> PACKED =
      Map.of(
          "bf16-packed",
          Quantization.of(Packing.BF16),
          "int8",
          Quantization.of(Packing.INT8),
          "int4",
          Quantization.of(Packing.INT4),
          "int4-all",
          new Quantization(Packing.INT4, Packing.INT4));

  /**
   * The folder of model {@code name}, or of the one at a path.
   *
   * @param dtype {@code f32} or {@code bf16}, row-major (the demo: what it was trained in), or
   *     {@code bf16-packed}, {@code int8}, {@code int4} (embedding and head int8, as the converter
   *     does) or {@code int4-all}, packed from bfloat16; for a path {@link #STORED}
   */
  public static Path folder(String name, String dtype) throws IOException {
    if (isPath(name)) {
      if (!dtype.equals(STORED)) {
        throw new IllegalArgumentException(
            "dtype is "
                + dtype
                + " for "
                + name
                + ", expected "
                + STORED
                + ": a folder is measured"
                + " as it is; mor4j convert --quantize makes others");
      }
      return endless(Path.of(name));
    }
    if (dtype.equals(STORED)) {
      throw new IllegalArgumentException(
          "dtype is " + dtype + " for " + name + ", expected it with a folder only");
    }
    Quantization packed = PACKED.get(dtype);
    if (packed != null) {
      Path plain = folder(name, "bf16");
      Path folder = root().resolve(name + "-" + dtype + "-seed" + SEED);
      if (!Files.exists(folder)) {
        ConversionOptions options = ConversionOptions.DEFAULT.withQuantization(packed);
        make(folder, building -> CheckpointConverter.convert(plain, building, options));
      }
      return folder;
    }
    if (name.equals(DEMO)) {
      Path folder = root().resolve(DEMO);
      if (!Files.exists(folder)) {
        make(folder, BenchmarkModels::convertDemo);
      }
      return folder;
    }
    return random(name, dtype);
  }

  /** Whether {@code name} is the path of a folder. */
  public static boolean isPath(String name) {
    return name.contains("/") || name.contains(File.separator);
  }

  /** {@link #STORED} for a path; for a name what is wanted otherwise. */
  public static String dtype(String name, String otherwise) {
    return isPath(name) ? STORED : otherwise;
  }

  /** The sizes of a model, without making it. */
  public static ArchitectureConfig architecture(String name) throws IOException {
    return isPath(name)
        ? ModelConfigJson.read(Path.of(name).resolve(ModelConfigJson.FILE_NAME)).architecture()
        : PaperShapes.of(name).architecture();
  }

  /**
   * A folder beside the others that links to the files of {@code theirs}, with a configuration that
   * ends no text: what is measured must have the length that was asked for.
   */
  private static Path endless(Path theirs) throws IOException {
    Path weights = theirs.resolve(WEIGHTS);
    Path settings = theirs.resolve(ModelConfigJson.FILE_NAME);
    if (!Files.isRegularFile(weights) || !Files.isRegularFile(settings)) {
      throw new IllegalArgumentException(
          "model is "
              + theirs
              + ", expected a folder with "
              + settings.getFileName()
              + " and "
              + WEIGHTS
              + ", as mor4j convert makes it");
    }
    ModelConfig config = ModelConfigJson.read(settings);
    Path real = theirs.toRealPath();
    int state =
        Objects.hash(
            real,
            Files.size(weights),
            Files.getLastModifiedTime(weights),
            Files.getLastModifiedTime(settings));
    Path folder = root().resolve(real.getFileName() + "-" + HexFormat.of().toHexDigits(state));
    if (!Files.exists(folder)) {
      make(
          folder,
          building -> {
            Files.createDirectory(building);
            List<String> names = new ArrayList<>(TextFiles.names());
            names.add(WEIGHTS);
            for (String name : names) {
              if (Files.exists(real.resolve(name))) {
                Files.createSymbolicLink(building.resolve(name), real.resolve(name));
              }
            }
            ModelConfigJson.write(endless(config), building.resolve(settings.getFileName()));
          });
    }
    return folder;
  }

  private static Path random(String name, String dtype) throws IOException {
    ModelConfig config =
        switch (name) {
          case TINY -> tiny();
          case TINY_VANILLA -> tinyVanilla();
          default -> PaperShapes.of(name);
        };
    DType type = DType.valueOf(dtype.toUpperCase(Locale.ROOT));
    Path folder = root().resolve(name + "-" + dtype + "-seed" + SEED);
    if (!Files.exists(folder)) {
      make(folder, building -> writeRandom(building, config, type));
    }
    ModelConfig found = ModelConfigJson.read(folder.resolve(ModelConfigJson.FILE_NAME));
    if (!found.architecture().equals(config.architecture())
        || !found.routing().equals(config.routing())) {
      throw new IllegalStateException(folder + " was made with other sizes; delete it");
    }
    return folder;
  }

  private static void writeRandom(Path folder, ModelConfig config, DType type) throws IOException {
    ModelConfig written = RandomModel.write(folder, config, type, SEED);
    RoutedDepths.write(folder.resolve(WEIGHTS), written, SEED);
  }

  /** Without an end of text, so that every generation has the length that is measured. */
  private static void convertDemo(Path folder) throws IOException {
    CheckpointConverter.convert(checkpoint(), folder, ConversionOptions.DEFAULT);
    Path file = folder.resolve(ModelConfigJson.FILE_NAME);
    ModelConfig config = ModelConfigJson.read(file);
    Files.delete(file);
    ModelConfigJson.write(endless(config), file);
  }

  private static ModelConfig endless(ModelConfig config) {
    return config.withArchitecture(endless(config.architecture()));
  }

  private static ArchitectureConfig endless(ArchitectureConfig a) {
    return a.toBuilder().eosTokenIds(List.of()).build();
  }

  private static ArchitectureConfig tinySizes() {
    return ArchitectureConfig.builder()
        .hidden(64)
        .intermediate(128)
        .heads(2)
        .kvHeads(1)
        .headDim(32)
        .layers(8)
        .vocabulary(256)
        .maxPositions(1024)
        .build();
  }

  private static ModelConfig tinyVanilla() {
    return new ModelConfig(
        tinySizes(), Sharing.NONE, 1, new RoutingConfig.None(), Caching.RECURSION_WISE, Map.of());
  }

  private static ModelConfig tiny() {
    return new ModelConfig(
        tinySizes(),
        Sharing.MIDDLE_CYCLE,
        3,
        new RoutingConfig.ExpertChoice(
            RoutingConfig.RouterKind.LINEAR,
            RoutingConfig.RouterFunction.SIGMOID,
            0.1f,
            1f,
            true,
            THIRDS,
            false),
        Caching.RECURSION_WISE,
        Map.of());
  }

  /** Writes a model to a path that does not exist yet. */
  @FunctionalInterface
  public interface Maker {
    void make(Path folder) throws IOException;
  }

  /** Makes {@code folder} whole or not at all: an interrupted run leaves nothing to be mistaken. */
  public static void make(Path folder, Maker maker) throws IOException {
    System.out.println("# making " + folder + " (first use)");
    Path parent = Files.createDirectories(folder.toAbsolutePath().getParent());
    Path temporary = Files.createTempDirectory(parent, folder.getFileName() + ".part");
    try {
      Path building = temporary.resolve("model");
      maker.make(building);
      Files.move(building, folder, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(temporary);
    }
  }

  public static void delete(Path folder) throws IOException {
    try (Stream<Path> below = Files.walk(folder)) {
      for (Path path : below.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(path);
      }
    }
  }

  private static Path root() {
    String named = System.getProperty(MODELS);
    return named != null ? Path.of(named) : target().resolve("models");
  }

  private static Path checkpoint() {
    String named = System.getProperty(CHECKPOINT);
    return named != null
        ? Path.of(named)
        : target().resolve("../../checkpoints/mor3-books").normalize();
  }

  /** benchmarks/target: where benchmarks.jar or the classes folder lies. */
  public static Path target() {
    try {
      return Path.of(
              BenchmarkModels.class.getProtectionDomain().getCodeSource().getLocation().toURI())
          .getParent();
    } catch (URISyntaxException e) {
      throw new IllegalStateException("cannot tell where the benchmarks lie", e);
    }
  }
}
