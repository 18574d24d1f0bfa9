package dev.mor4j.runtime;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.TextAssembler;
import dev.mor4j.runtime.text.bounds.TextBoundsRules;
import dev.mor4j.runtime.text.codec.TextBounds;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TokenDecoder;
import dev.mor4j.runtime.text.codec.TooManyTokensException;
import dev.mor4j.runtime.text.tokenizer.TokenizerFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Text to token ids and back, as the files of a model or of a tokenizer say. Immutable, without
 * native code and with nothing to close; any thread.
 *
 * <pre>{@code
 * Tokenizer tokenizer = Tokenizer.open(Path.of("models/books"));
 * int[] ids = tokenizer.encode("Once upon a time");
 * String text = tokenizer.decode(ids);
 * }</pre>
 *
 * <p>A model's own tokenizer is {@link MorModel#tokenizer()}. A surrogate that stands alone in a
 * text counts as U+FFFD.
 */
public final class Tokenizer {
  private static final int[] NO_IDS = {};

  private final TokenCodec codec;
  private final TextBounds bounds;
  private final int vocabulary;
  private final Path source;

  /**
   * @param bounds what the model puts around a text
   * @param vocabulary largest id that may come out, plus one
   * @param source where it comes from, for {@link #toString()}
   */
  Tokenizer(TokenCodec codec, TextBounds bounds, int vocabulary, Path source) {
    this.codec = codec;
    this.bounds = bounds;
    this.vocabulary = vocabulary;
    this.source = source;
  }

  /**
   * Opens a tokenizer.
   *
   * @param path the folder of a converted model or of a checkpoint, or one of {@code
   *     tokenizer.json}, {@code tokenizer.model}, and {@code vocab.json} with {@code merges.txt}
   *     beside it. A file alone says itself which ids are put around a text; in a folder the
   *     model's configuration is asked as well. A checkpoint's settings may name special tokens
   *     that the tokenizer's file has not: they get the ids behind its own, as in the {@code
   *     transformers} library, and a model that is made of the checkpoint does not have them
   * @throws IOException when a file is missing, damaged, or has something that is not known; the
   *     message names it
   */
  public static Tokenizer open(Path path) throws IOException {
    Objects.requireNonNull(path, "path");
    if (!Files.exists(path)) {
      throw new ModelFormatException(
          path, "there is no such file or folder, expected a model or a tokenizer");
    }
    TokenCodec ofFile = TokenizerFiles.open(path);
    TextBounds bounds = TextBoundsRules.of(path, ofFile).bounds();
    TokenCodec codec = TextBoundsRules.completed(path, ofFile);
    return new Tokenizer(codec, bounds, codec.idBound(), path);
  }

  /** The ids of {@code text}, with {@link EncodingOptions#defaults()}. */
  public int[] encode(String text) {
    return encode(text, EncodingOptions.defaults());
  }

  /**
   * The ids of {@code text}.
   *
   * @throws IllegalArgumentException when there are more than {@link EncodingOptions#maxTokens()}
   *     allows, or when the tokenizer gives an id that the model has not
   */
  public int[] encode(String text, EncodingOptions options) {
    Objects.requireNonNull(text, "text");
    Objects.requireNonNull(options, "options");
    int[] begin = options.addBegin() ? bounds.begin() : NO_IDS;
    int[] end = options.addEnd() ? bounds.end() : NO_IDS;
    int around = begin.length + end.length;
    if (around > options.maxTokens()) {
      throw new TooManyTokensException(options.maxTokens());
    }
    return joined(begin, encode(text, options.parseSpecial(), options.maxTokens(), around), end);
  }

  /** The ids of a text alone, of which {@code maxTokens} minus {@code around} are allowed. */
  private int[] encode(String text, boolean parseSpecial, int maxTokens, int around) {
    int[] ids;
    try {
      ids = codec.encode(text, parseSpecial, maxTokens - around);
    } catch (TooManyTokensException e) {
      throw new TooManyTokensException(maxTokens);
    }
    for (int id : ids) {
      if (id >= vocabulary) {
        throw new IllegalArgumentException(
            "the tokenizer gives id "
                + id
                + ", expected less than the vocabulary of "
                + vocabulary);
      }
    }
    return ids;
  }

  /**
   * The ids of a prompt: at the beginning of a text those that begin one before it, never those
   * that end one behind it. Where the caller has written a beginning himself, there is no second.
   *
   * @param begins whether the prompt begins a text
   * @param maxTokens most ids
   */
  PromptTokens prompt(String text, GenerationOptions options, boolean begins, int maxTokens) {
    int[] begin = begins && options.addBos() ? bounds.begin() : NO_IDS;
    if (!options.parseSpecial() || begin.length == 0) {
      int most = Math.max(0, maxTokens);
      if (begin.length > most) {
        throw new TooManyTokensException(most);
      }
      int[] ids = encode(text, options.parseSpecial(), most, begin.length);
      return PromptTokens.of(joined(begin, ids, NO_IDS));
    }
    int[] ids = encode(text, true, Math.max(0, maxTokens), 0);
    int written = overlap(begin, ids);
    int[] added = Arrays.copyOf(begin, begin.length - written);
    if (added.length + ids.length > maxTokens) {
      throw new TooManyTokensException(maxTokens);
    }
    return new PromptTokens(
        joined(added, ids, NO_IDS),
        written == 0
            ? List.of()
            : List.of(
                "The prompt begins with "
                    + codec.token(begin[begin.length - written]).orElse("the token")
                    + ", which the model puts before every text, so it was not added a second"
                    + " time."));
  }

  /** The most ids at the end of {@code begin} that {@code ids} begin with. */
  private static int overlap(int[] begin, int[] ids) {
    for (int n = Math.min(begin.length, ids.length); n > 0; n--) {
      if (Arrays.equals(begin, begin.length - n, begin.length, ids, 0, n)) {
        return n;
      }
    }
    return 0;
  }

  private static int[] joined(int[] begin, int[] ids, int[] end) {
    if (begin.length + end.length == 0) {
      return ids;
    }
    int[] all = Arrays.copyOf(begin, begin.length + ids.length + end.length);
    System.arraycopy(ids, 0, all, begin.length, ids.length);
    System.arraycopy(end, 0, all, begin.length + ids.length, end.length);
    return all;
  }

  /** The ids that the model puts before a text; a copy. */
  public int[] beginIds() {
    return bounds.begin();
  }

  /** The ids that the model puts behind a text that is finished; a copy. */
  public int[] endIds() {
    return bounds.end();
  }

  /**
   * The text of each id: joined, the text of all. Where several tokens make one character, the last
   * of them has it and the others are empty; special tokens are empty.
   */
  public List<String> pieces(int... ids) {
    Objects.requireNonNull(ids, "ids");
    return pieces(ids, true);
  }

  /** As above; with {@code skipSpecial} false special tokens are text, as the file writes them. */
  public List<String> pieces(int[] ids, boolean skipSpecial) {
    Objects.requireNonNull(ids, "ids");
    TokenDecoder decoder = codec.decoder(skipSpecial);
    StringBuilder piece = new StringBuilder();
    List<String> pieces = new ArrayList<>(ids.length);
    for (int i = 0; i < ids.length; i++) {
      piece.setLength(0);
      decoder.add(ids[i], piece);
      if (i == ids.length - 1) {
        decoder.finish(piece);
      }
      pieces.add(piece.toString());
    }
    return pieces;
  }

  /** The text of {@code ids}, without special tokens; a character that is cut comes as U+FFFD. */
  public String decode(int... ids) {
    Objects.requireNonNull(ids, "ids");
    return decode(ids, true);
  }

  /**
   * As above; with {@code skipSpecial} false special tokens are text, as the file writes them. Ids
   * that no token has are left out.
   */
  public String decode(int[] ids, boolean skipSpecial) {
    Objects.requireNonNull(ids, "ids");
    TokenDecoder decoder = codec.decoder(skipSpecial);
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      decoder.add(id, text);
    }
    decoder.finish(text);
    return text.toString();
  }

  /**
   * A stream of text that goes on from {@code context}: it has what decoding gives of all ids
   * together after what it gives of the context.
   *
   * @param context ids before the first one that is added; copied
   * @param skipSpecial whether special tokens are left out
   */
  public DecodedStream stream(int[] context, boolean skipSpecial) {
    Objects.requireNonNull(context, "context");
    return new DecodedStream(
        new TextAssembler(() -> codec.decoder(skipSpecial), context.clone(), List.of()));
  }

  /** What makes the text of a generation after {@code context}, which is not copied. */
  TextAssembler assembler(int[] context, List<String> stops) {
    return new TextAssembler(() -> codec.decoder(true), context, stops);
  }

  /** The id of the special token {@code content}, if there is one. */
  public OptionalInt specialToken(String content) {
    Objects.requireNonNull(content, "content");
    OptionalInt id = codec.id(content);
    return id.isPresent() && id.getAsInt() < vocabulary && codec.isSpecial(id.getAsInt())
        ? id
        : OptionalInt.empty();
  }

  /** All special tokens, as they are written in a text. */
  List<String> specialTokens() {
    List<String> tokens = new ArrayList<>();
    for (int id = 0; id < codec.idBound(); id++) {
      if (codec.isSpecial(id)) {
        codec.token(id).filter(token -> !token.isEmpty()).ifPresent(tokens::add);
      }
    }
    return tokens;
  }

  /** The token of an id as the tokenizer's file writes it, which need not be its text. */
  public Optional<String> token(int id) {
    return codec.token(id);
  }

  /** Whether {@code id} is a special token, which stands for no text. */
  public boolean isSpecial(int id) {
    return codec.isSpecial(id);
  }

  /** The largest id of the tokenizer plus one. */
  public int idBound() {
    return codec.idBound();
  }

  @Override
  public String toString() {
    return "Tokenizer[" + codec.idBound() + " tokens of " + source + "]";
  }
}
