package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.tokenizer.split.PieceConsumer;
import dev.mor4j.runtime.text.tokenizer.split.WordStarts;
import dev.mor4j.runtime.text.unigram.UnigramModel;
import dev.mor4j.runtime.text.vocabulary.BpeConfig;
import dev.mor4j.runtime.text.vocabulary.BpeModel;
import dev.mor4j.runtime.text.vocabulary.TokenModel;
import dev.mor4j.runtime.text.vocabulary.WordLevelModel;
import dev.mor4j.runtime.text.vocabulary.WordPieceModel;
import java.util.Arrays;

/**
 * A model and its vocabulary.
 *
 * @param bytes whether the model takes a text's bytes in the place of letters for them
 * @param words whether a text may be cut at words without that anything changes; see {@link
 *     WordStarts}
 */
record PipelineModel(TokenModel model, Vocabulary vocabulary, boolean bytes, boolean words) {
  /** Where pieces go that pre-tokenizers have made. */
  PieceConsumer consumer() {
    PieceConsumer last = (text, from, to, startEnd, out) -> model.tokenize(text, from, to, out);
    return words ? new WordStarts(last) : last;
  }

  /**
   * Makes the model that a file describes.
   *
   * @param letters whether pieces come as letters of bytes
   * @throws ModelFormatException when its type or a setting is not known, or a part is missing
   */
  static PipelineModel of(RawModel raw, boolean letters) throws ModelFormatException {
    Settings settings = raw.settings();
    return switch (type(raw)) {
      case "BPE" -> bpe(raw, letters);
      case "Unigram" -> unigram(raw);
      case "WordPiece" -> {
        Vocabulary vocabulary = withIds(raw);
        yield new PipelineModel(
            new WordPieceModel(
                vocabulary.table(),
                unknown(settings, vocabulary),
                settings.text("continuing_subword_prefix"),
                settings.count("max_input_chars_per_word")),
            vocabulary,
            false,
            false);
      }
      case "WordLevel" -> {
        Vocabulary vocabulary = withIds(raw);
        yield new PipelineModel(
            new WordLevelModel(vocabulary.table(), unknown(settings, vocabulary)),
            vocabulary,
            false,
            false);
      }
      default -> throw settings.unknownType("BPE, Unigram, WordLevel, WordPiece");
    };
  }

  // Older files do not state the type; the keys tell.
  private static String type(RawModel raw) throws ModelFormatException {
    Settings settings = raw.settings();
    if (settings.has("type")) {
      return settings.type();
    }
    if (raw.merges() != null) {
      return "BPE";
    }
    if (settings.has("max_input_chars_per_word")) {
      return "WordPiece";
    }
    if (raw.scores() != null) {
      return "Unigram";
    }
    if (settings.has("unk_token")) {
      return "WordLevel";
    }
    throw settings.refuse("type", "BPE, Unigram, WordLevel or WordPiece");
  }

  private static Vocabulary withIds(RawModel raw) throws ModelFormatException {
    RawVocabulary tokens = raw.vocabulary();
    if (raw.scores() != null) {
      throw raw.settings().refuse("vocab", "an object of tokens and their ids");
    }
    return new Vocabulary(tokens, false);
  }

  private static int unknown(Settings settings, Vocabulary vocabulary) throws ModelFormatException {
    int id = vocabulary.id(settings.text("unk_token"));
    if (id < 0) {
      throw settings.refuse("unk_token", "a token of the vocabulary");
    }
    return id;
  }

  private static PipelineModel unigram(RawModel raw) throws ModelFormatException {
    Settings settings = raw.settings();
    RawVocabulary tokens = raw.vocabulary();
    if (raw.scores() == null) {
      throw settings.refuse("vocab", "an array of tokens and their scores");
    }
    int unknown = settings.has("unk_id") ? settings.count("unk_id") : UnigramModel.NO_UNKNOWN;
    if (unknown >= tokens.size()) {
      throw settings.refuse("unk_id", "an id of the vocabulary, which has " + tokens.size());
    }
    byte[] texts = tokens.texts();
    byte[][] pieces = new byte[tokens.size()][];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = Arrays.copyOfRange(texts, tokens.begin(i), tokens.end(i));
    }
    boolean fallback = settings.flag("byte_fallback", false);
    return new PipelineModel(
        new UnigramModel(pieces, raw.scores(), unknown, fallback),
        new Vocabulary(tokens, false),
        false,
        false);
  }

  private static PipelineModel bpe(RawModel raw, boolean letters) throws ModelFormatException {
    Settings settings = raw.settings();
    String prefix = settings.text("continuing_subword_prefix", "");
    String suffix = settings.text("end_of_word_suffix", "");
    boolean fallback = settings.flag("byte_fallback", false);
    // Byte fallback is by the bytes of the letters, so the model needs the letters themselves.
    boolean bytes = letters && !fallback && isPlain(prefix) && isPlain(suffix);
    RawVocabulary tokens = raw.vocabulary();
    if (raw.scores() != null) {
      throw settings.refuse("vocab", "an object of tokens and their ids");
    }
    if (raw.merges() == null) {
      throw settings.refuse("merges", "the merges");
    }
    var vocabulary = new Vocabulary(tokens, bytes);
    // The library asks for the unknown token when it needs it, which it may never do.
    int unknown =
        settings.has("unk_token") ? vocabulary.id(settings.text("unk_token")) : BpeConfig.NONE;
    var config =
        new BpeConfig(
            bytes,
            settings.flag("ignore_merges", false),
            unknown,
            settings.flag("fuse_unk", false),
            fallback,
            prefix,
            suffix);
    BpeModel.Builder builder = BpeModel.builder(config, vocabulary.table());
    new MergeLookup(raw, vocabulary, prefix).addTo(builder);
    boolean words =
        !bytes
            && !config.ignoreMerges()
            && prefix.isEmpty()
            && suffix.isEmpty()
            && vocabulary.id(WordStarts.MARK) >= 0
            && !joinsWords(raw.merges());
    return new PipelineModel(builder.build(), vocabulary, bytes, words);
  }

  /** Whether a merge joins the end of a word and the beginning of another. */
  private static boolean joinsWords(RawMerges merges) {
    byte[] texts = merges.texts();
    for (int i = 0; i < merges.size(); i++) {
      if (WordStarts.cuts(texts, merges.begin(i), merges.end(i))) {
        return true;
      }
    }
    return false;
  }

  /** Whether a text's letters stand for themselves. */
  private static boolean isPlain(String text) {
    return text.chars().allMatch(c -> c >= '!' && c <= '~');
  }
}
