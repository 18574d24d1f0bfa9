package dev.mor4j.runtime.text.bounds;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.format.StrictJson;
import dev.mor4j.runtime.format.TextConfig;
import dev.mor4j.runtime.text.bounds.TextDecision.Decided;
import dev.mor4j.runtime.text.codec.TokenCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides from a model's files which ids begin and end a text, and where generation ends. The rules
 * are those of the {@code transformers} library (4.52.4), and docs/models-and-formats.md has them
 * as a table.
 */
public final class TextBoundsRules {
  private static final String CONFIG = "config.json";
  private static final long MOST_BYTES = 16L << 20;
  private static final int MOST_MISSING = 64;
  private static final String POST_PROCESSOR = "post-processor";

  private TextBoundsRules() {}

  /**
   * The decision for a checkpoint's folder, a converted model's folder, or a tokenizer's file,
   * which has its post-processor alone.
   *
   * @param codec the tokenizer that {@code folderOrFile} has
   * @throws ModelFormatException where a file is damaged or a setting is of the wrong type
   */
  public static TextDecision of(Path folderOrFile, TokenCodec codec) throws IOException {
    if (!Files.isDirectory(folderOrFile)) {
      String source = folderOrFile.getFileName() + ": " + POST_PROCESSOR;
      return new TextDecision(
          new Decided(list(codec.beginIds()), source),
          new Decided(list(codec.endIds()), source),
          Decided.NOWHERE,
          Decided.NOWHERE,
          List.of());
    }
    Path configFile = folderOrFile.resolve(CONFIG);
    Optional<Settings> config = settings(configFile);
    if (isConverted(config)) {
      return ofConverted(ModelConfigJson.read(configFile), codec);
    }
    return new CheckpointRules(folderOrFile, config, codec).decide();
  }

  /**
   * The tokenizer of a checkpoint's folder as the library opens it: with the special tokens that
   * the folder's settings or the tokenizer's class name, and that the tokenizer's file has not.
   * They get the ids behind its own, which a model seldom has. So this is for comparing with the
   * library; models are given what their tokenizer's file has.
   *
   * @param codec the tokenizer that {@code folderOrFile} has
   * @return {@code codec} itself where nothing is missing
   * @throws ModelFormatException where a file is damaged, a setting is of the wrong type, or more
   *     than {@value #MOST_MISSING} tokens are missing
   */
  public static TokenCodec completed(Path folderOrFile, TokenCodec codec) throws IOException {
    Optional<Settings> config =
        Files.isDirectory(folderOrFile) ? settings(folderOrFile.resolve(CONFIG)) : Optional.empty();
    if (!Files.isDirectory(folderOrFile)
        || isConverted(config)
        || !TextFiles.isFile(folderOrFile.resolve(TextFiles.TOKENIZER_CONFIG))) {
      return codec;
    }
    List<String> missing =
        new CheckpointRules(folderOrFile, config, codec)
            .missingTokens().stream().filter(token -> !token.isEmpty()).toList();
    if (missing.size() > MOST_MISSING) {
      throw new ModelFormatException(
          folderOrFile.resolve(TextFiles.TOKENIZER_CONFIG),
          "names "
              + missing.size()
              + " tokens that the tokenizer has not, expected at most "
              + MOST_MISSING);
    }
    return missing.isEmpty() ? codec : new CompletedTokenizer(codec, missing);
  }

  /**
   * The decision for a folder without a tokenizer: only where generation ends, and which id its
   * configuration calls the beginning.
   *
   * @throws ModelFormatException where a file is damaged or a setting is of the wrong type
   */
  public static TextDecision withoutTokenizer(Path folder) throws IOException {
    Path configFile = folder.resolve(CONFIG);
    Optional<Settings> config = settings(configFile);
    if (isConverted(config)) {
      ModelConfig converted = ModelConfigJson.read(configFile);
      return new TextDecision(
          Decided.NOWHERE,
          Decided.NOWHERE,
          bos(converted.architecture()),
          eos(converted.architecture()),
          List.of());
    }
    StatedIds ofGeneration = StatedIds.read(settings(folder.resolve(TextFiles.GENERATION_CONFIG)));
    StatedIds ofModel = StatedIds.read(config);
    List<String> warnings = new ArrayList<>();
    Contradictions.between(ofGeneration, ofModel, warnings);
    return new TextDecision(
        Decided.NOWHERE,
        Decided.NOWHERE,
        ofGeneration.bos().or(ofModel::bos).orElse(Decided.NOWHERE),
        ofGeneration.eos().or(ofModel::eos).orElse(Decided.NOWHERE),
        warnings);
  }

  /**
   * The decision that a converted model carries. Where it was converted before that was recorded,
   * {@code bos_token_id} is put before what the tokenizer's own post-processor says, unless that
   * begins with it.
   */
  public static TextDecision ofConverted(ModelConfig config, TokenCodec codec) {
    ArchitectureConfig sizes = config.architecture();
    Decided begin;
    Decided end;
    if (config.text().isPresent()) {
      TextConfig text = config.text().get();
      begin = new Decided(text.beginIds(), CONFIG + ": text.begin_ids");
      end = new Decided(text.endIds(), CONFIG + ": text.end_ids");
    } else {
      List<Integer> ids = list(codec.beginIds());
      int bos = sizes.bosTokenId();
      boolean before = bos >= 0 && (ids.isEmpty() || ids.getFirst() != bos);
      if (before) {
        ids = new ArrayList<>(ids);
        ids.addFirst(bos);
      }
      String source = "the tokenizer: " + POST_PROCESSOR;
      begin = new Decided(ids, before ? CONFIG + ": model.bos_token_id" : source);
      end = new Decided(list(codec.endIds()), source);
    }
    return new TextDecision(begin, end, bos(sizes), eos(sizes), List.of());
  }

  private static Decided bos(ArchitectureConfig sizes) {
    return new Decided(
        sizes.bosTokenId() < 0 ? List.of() : List.of(sizes.bosTokenId()),
        CONFIG + ": model.bos_token_id");
  }

  private static Decided eos(ArchitectureConfig sizes) {
    return new Decided(sizes.eosTokenIds(), CONFIG + ": model.eos_token_ids");
  }

  private static boolean isConverted(Optional<Settings> config) {
    return config.isPresent() && config.get().raw("format") != null;
  }

  /** The settings of {@code file}; empty where there is no such file. */
  static Optional<Settings> settings(Path file) throws IOException {
    return TextFiles.isFile(file)
        ? Optional.of(new Settings(file, StrictJson.read(file, MOST_BYTES)))
        : Optional.empty();
  }

  /** File and key, as decisions name them. */
  static String source(Settings file, String key) {
    return file.file().getFileName() + ": " + key;
  }

  static List<Integer> list(int[] ids) {
    return java.util.Arrays.stream(ids).boxed().toList();
  }
}
