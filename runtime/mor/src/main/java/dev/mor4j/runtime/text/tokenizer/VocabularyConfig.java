package dev.mor4j.runtime.text.tokenizer;

import com.fasterxml.jackson.core.JsonToken;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.added.AddedToken;
import dev.mor4j.runtime.text.tokenizer.normal.Normalizer;
import dev.mor4j.runtime.text.tokenizer.normal.Normalizers;
import dev.mor4j.runtime.text.tokenizer.settings.JsonFile;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.tokenizer.split.PreTokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What {@code tokenizer_config.json} says of a {@code vocab.json} with {@code merges.txt}: the
 * class of {@code transformers} that they are for, which decides how texts are cut, and added
 * tokens.
 */
final class VocabularyConfig {
  private static final String END_OF_TEXT = "<|endoftext|>";
  private static final String CLASS = "tokenizer_class";
  private static final String ADDED = "added_tokens_decoder";
  private static final String QWEN2 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private final Path file;
  private final Settings settings;
  private final boolean qwen2;
  private final boolean prefixSpace;

  private VocabularyConfig(Path file, Settings settings) throws ModelFormatException {
    this.file = file;
    this.settings = settings;
    qwen2 =
        switch (settings.text(CLASS, "GPT2Tokenizer")) {
          case "GPT2Tokenizer", "GPT2TokenizerFast", "CodeGenTokenizer", "CodeGenTokenizerFast" ->
              false;
          case "Qwen2Tokenizer", "Qwen2TokenizerFast" -> true;
          default ->
              throw settings.refuse(
                  CLASS,
                  "GPT2Tokenizer, CodeGenTokenizer or Qwen2Tokenizer beside a vocab.json without"
                      + " tokenizer.json");
        };
    prefixSpace = settings.flag("add_prefix_space", false);
  }

  /** Reads the file, which need not be there. */
  static VocabularyConfig read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return new VocabularyConfig(file, Settings.of(file, "tokenizer_config", Map.of()));
    }
    try (JsonFile json = JsonFile.open(file)) {
      if (json.next() != JsonToken.START_OBJECT) {
        throw json.refuse("the file", "an object");
      }
      return new VocabularyConfig(file, Settings.of(file, "tokenizer_config", json.value()));
    }
  }

  /** How texts are normalized. */
  Normalizer normalizer() throws ModelFormatException {
    return qwen2
        ? Normalizers.read(Settings.of(file, "normalizer", Map.of("type", "NFC")))
        : Normalizer.NONE;
  }

  /** How many times shorter the normalizer makes a text at most. */
  int mostShrinking() {
    return qwen2 ? TokenizerJson.NFC_SHRINKING : 1;
  }

  /** How texts are cut; the last step is byte-level. */
  PreTokenizers preTokenizers() throws ModelFormatException {
    Map<String, Object> bytes =
        Map.of("type", "ByteLevel", "add_prefix_space", prefixSpace, "use_regex", !qwen2);
    Map<String, Object> split =
        Map.of(
            "type",
            "Split",
            "pattern",
            Map.of("Regex", QWEN2),
            "behavior",
            "Isolated",
            "invert",
            false);
    List<Object> steps = qwen2 ? List.of(split, bytes) : List.of(bytes);
    return PreTokenizers.read(
        Settings.of(file, "pre_tokenizer", Map.of("type", "Sequence", "pretokenizers", steps)));
  }

  /**
   * The tokens that the file adds, in the order of their ids; where it adds none, the end of a
   * text, if the vocabulary has it.
   */
  List<AddedToken> addedTokens(Vocabulary vocabulary) throws ModelFormatException {
    if (!settings.has(ADDED)) {
      int end = vocabulary.id(END_OF_TEXT);
      return end < 0
          ? List.of()
          : List.of(new AddedToken(end, END_OF_TEXT, true, false, false, false, false));
    }
    Settings added = settings.object(ADDED);
    Map<Integer, AddedToken> byId = new TreeMap<>();
    for (String key : added.keys()) {
      int id;
      try {
        id = Integer.parseUnsignedInt(key);
      } catch (NumberFormatException e) {
        throw added.unusable(key, "expected the id of a token as the key", e);
      }
      Settings token = added.object(key);
      boolean special = token.flag("special", false);
      byId.put(
          id,
          new AddedToken(
              id,
              token.text("content"),
              special,
              token.flag("lstrip", false),
              token.flag("rstrip", false),
              token.flag("single_word", false),
              token.flag("normalized", !special)));
    }
    return new ArrayList<>(byId.values());
  }
}
