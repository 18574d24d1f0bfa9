package dev.mor4j.runtime.text.bounds;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.text.codec.TokenCodec;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The tokens that a folder calls the beginning and the end of a text, and others of their kind: in
 * {@code special_tokens_map.json}, which counts only where {@code tokenizer_config.json} lists no
 * {@code added_tokens_decoder}, in {@code tokenizer_config.json}, or else as the tokenizer's class
 * has them. One thread.
 */
final class SpecialTokens {
  static final String BOS = "bos_token";
  static final String EOS = "eos_token";
  static final String UNK = "unk_token";
  static final String PAD = "pad_token";

  /** Every kind, in the order in which the library adds those that a vocabulary has not. */
  static final List<String> KINDS =
      List.of(BOS, EOS, UNK, "sep_token", PAD, "cls_token", "mask_token");

  private static final String ADDED = "added_tokens_decoder";
  private static final Pattern TOKEN_ID = Pattern.compile("[0-9]{1,9}");

  private final Optional<Settings> tokenizerConfig;
  private final Optional<Settings> specialTokens;
  private final TokenizerClass family;
  private final TokenCodec codec;

  /**
   * A token.
   *
   * @param content as it is written
   * @param id empty where the vocabulary has no such token
   * @param declared whether a file says it
   * @param source file and key, or the class
   */
  record Named(String content, OptionalInt id, boolean declared, String source) {}

  SpecialTokens(
      Optional<Settings> tokenizerConfig,
      Optional<Settings> specialTokens,
      TokenizerClass family,
      TokenCodec codec) {
    this.tokenizerConfig = tokenizerConfig;
    this.specialTokens = specialTokens;
    this.family = family;
    this.codec = codec;
  }

  /** The token under {@code key}, one of {@link #KINDS}; empty where there is none. */
  Optional<Named> named(String key) throws ModelFormatException {
    boolean legacy = tokenizerConfig.isEmpty() || tokenizerConfig.get().raw(ADDED) == null;
    if (legacy && specialTokens.isPresent() && specialTokens.get().keys().contains(key)) {
      return declared(specialTokens.get(), key);
    }
    if (tokenizerConfig.isPresent() && tokenizerConfig.get().keys().contains(key)) {
      return declared(tokenizerConfig.get(), key);
    }
    return family
        .token(key)
        .map(content -> new Named(content, codec.id(content), false, "the tokenizer's class"));
  }

  /** A token is a text, or an object with the text as {@code content}; null says: none. */
  private Optional<Named> declared(Settings file, String key) throws ModelFormatException {
    Object value = file.raw(key);
    if (value == null) {
      return Optional.empty();
    }
    Object text = value instanceof Map<?, ?> object ? object.get("content") : value;
    if (!(text instanceof String content)) {
      throw file.wrong(key, "a token: a text, or an object with content");
    }
    OptionalInt id = codec.id(content);
    if (id.isEmpty()) {
      id =
          added().entrySet().stream()
              .filter(added -> added.getValue().equals(content))
              .mapToInt(Map.Entry::getKey)
              .findFirst();
    }
    return Optional.of(new Named(content, id, true, TextBoundsRules.source(file, key)));
  }

  /**
   * Ids and texts of the tokens that {@code tokenizer_config.json} lists, as tokenizers that are
   * not in JSON need; in the order of the ids.
   */
  SortedMap<Integer, String> added() throws ModelFormatException {
    SortedMap<Integer, String> tokens = new TreeMap<>();
    if (tokenizerConfig.isEmpty() || !tokenizerConfig.get().has(ADDED)) {
      return tokens;
    }
    Settings added = tokenizerConfig.get().object(ADDED);
    for (String key : added.keys()) {
      if (!(added.raw(key) instanceof Map<?, ?> token)
          || !(token.get("content") instanceof String content)) {
        throw added.wrong(key, "an object with the token's text as content");
      }
      if (!TOKEN_ID.matcher(key).matches()) {
        throw added.wrong(key, "keys that are token ids");
      }
      tokens.put(Integer.valueOf(key), content);
    }
    return tokens;
  }
}
