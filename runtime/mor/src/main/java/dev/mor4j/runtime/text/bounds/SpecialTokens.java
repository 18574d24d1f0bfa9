package dev.mor4j.runtime.text.bounds;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.text.codec.TokenCodec;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The tokens that a folder calls the beginning and the end of a text: in {@code
 * special_tokens_map.json}, which counts only where {@code tokenizer_config.json} lists no {@code
 * added_tokens_decoder}, in {@code tokenizer_config.json}, or else as the tokenizer's class has
 * them.
 */
record SpecialTokens(Optional<Named> bos, Optional<Named> eos) {
  private static final String BOS = "bos_token";
  private static final String EOS = "eos_token";
  private static final String ADDED = "added_tokens_decoder";

  /**
   * A token.
   *
   * @param content as it is written
   * @param id empty where the vocabulary has no such token
   * @param declared whether a file says it
   * @param source file and key, or the class
   */
  record Named(String content, OptionalInt id, boolean declared, String source) {}

  static SpecialTokens read(
      Optional<Settings> tokenizerConfig,
      Optional<Settings> specialTokens,
      TokenizerClass family,
      TokenCodec codec)
      throws ModelFormatException {
    return new SpecialTokens(
        named(tokenizerConfig, specialTokens, BOS, family.bosToken(), codec),
        named(tokenizerConfig, specialTokens, EOS, family.eosToken(), codec));
  }

  private static Optional<Named> named(
      Optional<Settings> tokenizerConfig,
      Optional<Settings> specialTokens,
      String key,
      Optional<String> byDefault,
      TokenCodec codec)
      throws ModelFormatException {
    boolean legacy = tokenizerConfig.isEmpty() || tokenizerConfig.get().raw(ADDED) == null;
    if (legacy && specialTokens.isPresent() && specialTokens.get().keys().contains(key)) {
      return declared(specialTokens.get(), key, tokenizerConfig, codec);
    }
    if (tokenizerConfig.isPresent() && tokenizerConfig.get().keys().contains(key)) {
      return declared(tokenizerConfig.get(), key, tokenizerConfig, codec);
    }
    return byDefault.map(
        content -> new Named(content, codec.id(content), false, "the tokenizer's class"));
  }

  /** A token is a text, or an object with the text as {@code content}; null says: none. */
  private static Optional<Named> declared(
      Settings file, String key, Optional<Settings> tokenizerConfig, TokenCodec codec)
      throws ModelFormatException {
    Object value = file.raw(key);
    if (value == null) {
      return Optional.empty();
    }
    Object text = value instanceof Map<?, ?> object ? object.get("content") : value;
    if (!(text instanceof String content)) {
      throw file.wrong(key, "a token: a text, or an object with content");
    }
    OptionalInt id = codec.id(content);
    if (id.isEmpty() && tokenizerConfig.isPresent()) {
      id = addedId(tokenizerConfig.get(), content);
    }
    return Optional.of(new Named(content, id, true, TextBoundsRules.source(file, key)));
  }

  /** The id of a token that {@code tokenizer_config.json} adds, as tokenizers without JSON need. */
  private static OptionalInt addedId(Settings tokenizerConfig, String content)
      throws ModelFormatException {
    if (!tokenizerConfig.has(ADDED)) {
      return OptionalInt.empty();
    }
    Settings added = tokenizerConfig.object(ADDED);
    for (String key : added.keys()) {
      if (added.raw(key) instanceof Map<?, ?> token && content.equals(token.get("content"))) {
        try {
          return OptionalInt.of(Integer.parseUnsignedInt(key));
        } catch (NumberFormatException e) {
          throw added.wrong(key, "keys that are token ids");
        }
      }
    }
    return OptionalInt.empty();
  }
}
