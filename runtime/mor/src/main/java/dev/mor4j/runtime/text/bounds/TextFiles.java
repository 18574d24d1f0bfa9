package dev.mor4j.runtime.text.bounds;

import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The names of the files that say what text means to a model; checkpoints and models share them.
 */
public final class TextFiles {
  public static final String TOKENIZER_JSON = "tokenizer.json";
  public static final String SENTENCEPIECE = "tokenizer.model";
  public static final String VOCABULARY = "vocab.json";
  public static final String MERGES = "merges.txt";
  public static final String TOKENIZER_CONFIG = "tokenizer_config.json";
  public static final String SPECIAL_TOKENS = "special_tokens_map.json";
  public static final String GENERATION_CONFIG = "generation_config.json";

  /** What lies beside a tokenizer: settings, and templates of chats. */
  public static final List<String> SETTINGS =
      List.of(
          TOKENIZER_CONFIG,
          SPECIAL_TOKENS,
          GENERATION_CONFIG,
          "chat_template.jinja",
          "chat_template.json");

  /** The files of a tokenizer, best first: a folder's tokenizer is the first that is there. */
  private static final List<List<String>> TOKENIZERS =
      List.of(List.of(TOKENIZER_JSON), List.of(SENTENCEPIECE), List.of(VOCABULARY, MERGES));

  private TextFiles() {}

  /** Every name of a file that a model's folder may have for text. */
  public static List<String> names() {
    return Stream.concat(TOKENIZERS.stream().flatMap(List::stream), SETTINGS.stream()).toList();
  }

  /** Which files make a tokenizer, in words. */
  public static String described() {
    return TOKENIZER_JSON + ", " + SENTENCEPIECE + ", or " + VOCABULARY + " with " + MERGES;
  }

  /**
   * The files of the tokenizer of {@code folder}: {@code tokenizer.json}, else {@code
   * tokenizer.model}, else {@code vocab.json} and {@code merges.txt}; empty where it has none.
   *
   * @throws ModelFormatException where something else than a file has such a name, or one of two
   *     files is missing
   */
  public static List<Path> tokenizer(Path folder) throws IOException {
    for (List<String> names : TOKENIZERS) {
      List<Path> there = present(folder, names);
      if (there.size() == names.size()) {
        return there;
      }
      if (!there.isEmpty()) {
        String missing =
            names.stream().filter(name -> !there.contains(folder.resolve(name))).findFirst().get();
        throw new ModelFormatException(
            folder,
            "has " + there.getFirst().getFileName() + " and no " + missing + ", expected both");
      }
    }
    return List.of();
  }

  /**
   * The files of {@link #SETTINGS} that {@code folder} has.
   *
   * @throws ModelFormatException where something else than a file has such a name
   */
  public static List<Path> settings(Path folder) throws IOException {
    return present(folder, SETTINGS);
  }

  private static List<Path> present(Path folder, List<String> names) throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name : names) {
      Path file = folder.resolve(name);
      if (isFile(file)) {
        files.add(file);
      }
    }
    return files;
  }

  /**
   * Whether {@code file} is there. A folder, a pipe or a link to nowhere in its place is not the
   * same as no file.
   */
  static boolean isFile(Path file) throws ModelFormatException {
    if (Files.isRegularFile(file)) {
      return true;
    }
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new ModelFormatException(
          file, "found a folder, a link to nowhere or the like, expected a file");
    }
    return false;
  }
}
