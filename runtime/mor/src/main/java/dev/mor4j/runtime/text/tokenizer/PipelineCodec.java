package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TokenDecoder;
import dev.mor4j.runtime.text.codec.TooManyTokensException;
import dev.mor4j.runtime.text.tokenizer.added.AddedToken;
import dev.mor4j.runtime.text.tokenizer.added.AddedTokenMatcher;
import dev.mor4j.runtime.text.tokenizer.decode.DecodeChain;
import dev.mor4j.runtime.text.tokenizer.decode.Decoders;
import dev.mor4j.runtime.text.tokenizer.normal.NormalizedText;
import dev.mor4j.runtime.text.tokenizer.normal.Normalizer;
import dev.mor4j.runtime.text.tokenizer.split.PieceConsumer;
import dev.mor4j.runtime.text.utf8.ByteAlphabet;
import dev.mor4j.runtime.text.utf8.ByteText;
import dev.mor4j.runtime.text.utf8.LossyDecoder;
import dev.mor4j.runtime.text.utf8.Utf8;
import dev.mor4j.runtime.text.vocabulary.TokenSink;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;

/** A tokenizer of parts: added tokens, normalizer, pre-tokenizer, model, decoder. */
final class PipelineCodec implements TokenCodec {
  private final Vocabulary vocabulary;
  private final AddedVocabulary addedVocabulary;
  private final Normalizer normalizer;
  private final PieceConsumer pieces;
  private final PostProcessor postProcessor;
  private final Decoders decoders;
  // What is looked for in the text as it is, and in the normalized text.
  private final AddedTokenMatcher added;
  private final AddedTokenMatcher addedNormalized;
  private final int idBound;

  /** Most bytes of a text for each token that it has; 0 where there is no such number. */
  private final long mostBytes;

  PipelineCodec(Vocabulary vocabulary, AddedVocabulary addedVocabulary, Parts parts) {
    this.vocabulary = vocabulary;
    this.addedVocabulary = addedVocabulary;
    normalizer = parts.normalizer();
    pieces = parts.pieces();
    postProcessor = parts.postProcessor();
    decoders = parts.decoders();
    added =
        AddedTokenMatcher.of(addedVocabulary.tokens(false), token -> Utf8.encode(token.content()));
    addedNormalized =
        AddedTokenMatcher.of(addedVocabulary.tokens(true), token -> normalize(token.content()));
    int bound = vocabulary.idBound();
    for (int id : addedVocabulary.byId().keySet()) {
      bound = Math.max(bound, id + 1);
    }
    idBound = bound;
    mostBytes = parts.mostShrinking() * longestToken();
  }

  /** Most bytes that become one token; 0 where some become none, or any number one. */
  private long longestToken() {
    if (!vocabulary.hasAllBytes()) {
      return 0;
    }
    int longest = vocabulary.longest();
    for (AddedToken token : addedVocabulary.byId().values()) {
      if (token.leftStrip() || token.rightStrip()) {
        return 0;
      }
      longest = Math.max(longest, Utf8.encode(token.content()).length);
    }
    return longest;
  }

  private byte[] normalize(String content) {
    byte[] text = Utf8.encode(content);
    NormalizedText normalized =
        normalizer.apply(new NormalizedText(text, 0, text.length, text.length));
    return Arrays.copyOfRange(normalized.bytes(), normalized.from(), normalized.to());
  }

  @Override
  public int[] encode(String text, boolean parseSpecial, int maxTokens) {
    // A text has at least as many bytes as chars, so one that is too long is refused unread.
    if (mostBytes > 0 && text.length() > maxTokens * mostBytes) {
      throw new TooManyTokensException(maxTokens);
    }
    byte[] bytes = Utf8.encode(text);
    var out = new TokenSink(maxTokens);
    if (added.isEmpty(parseSpecial)) {
      encodePart(bytes, 0, bytes.length, parseSpecial, out);
      return out.toArray();
    }
    AddedTokenMatcher.Search search = added.search(bytes, 0, bytes.length, parseSpecial);
    while (search.next()) {
      encodePart(bytes, search.taken(), search.start(), parseSpecial, out);
      out.add(search.id());
    }
    encodePart(bytes, search.taken(), bytes.length, parseSpecial, out);
    return out.toArray();
  }

  /** Encodes what lies between added tokens that are looked for in the text as it is. */
  private void encodePart(byte[] bytes, int from, int to, boolean parseSpecial, TokenSink out) {
    if (from >= to) {
      return;
    }
    int startEnd = from == 0 ? Utf8.length(bytes[0]) : from;
    NormalizedText text = normalizer.apply(new NormalizedText(bytes, from, to, startEnd));
    if (addedNormalized.isEmpty(parseSpecial)) {
      pass(text, text.from(), text.to(), out);
      return;
    }
    AddedTokenMatcher.Search search =
        addedNormalized.search(text.bytes(), text.from(), text.to(), parseSpecial);
    while (search.next()) {
      pass(text, search.taken(), search.start(), out);
      out.add(search.id());
    }
    pass(text, search.taken(), text.to(), out);
  }

  private void pass(NormalizedText text, int from, int to, TokenSink out) {
    if (from < to) {
      pieces.accept(text.bytes(), from, to, text.startEnd(), out);
    }
  }

  @Override
  public int[] beginIds() {
    return postProcessor.begin();
  }

  @Override
  public int[] endIds() {
    return postProcessor.end();
  }

  @Override
  public TokenDecoder decoder(boolean skipSpecial) {
    return decoders.isByteLevel() ? new Bytes(skipSpecial) : new Steps(skipSpecial);
  }

  @Override
  public int idBound() {
    return idBound;
  }

  @Override
  public OptionalInt id(String token) {
    Integer id = addedVocabulary.id(token);
    int found = id != null ? id : vocabulary.id(token);
    return found < 0 ? OptionalInt.empty() : OptionalInt.of(found);
  }

  @Override
  public Optional<String> token(int id) {
    return Optional.ofNullable(tokenOrNull(id));
  }

  private String tokenOrNull(int id) {
    AddedToken token = addedVocabulary.byId().get(id);
    return token != null ? token.content() : vocabulary.token(id);
  }

  @Override
  public boolean isSpecial(int id) {
    AddedToken token = addedVocabulary.byId().get(id);
    return token != null && addedVocabulary.isSpecial(token.content());
  }

  /**
   * What a file says besides its tokens.
   *
   * @param pieces the pre-tokenizers, and the model behind them
   * @param mostShrinking how many times as many bytes a text may have as what the model gets of it;
   *     0 where that is not known, as parts of a text may be left out
   */
  record Parts(
      Normalizer normalizer,
      PieceConsumer pieces,
      PostProcessor postProcessor,
      Decoders decoders,
      int mostShrinking) {}

  /** Decodes by the file's steps. */
  private final class Steps implements TokenDecoder {
    private final boolean skipSpecial;
    private final DecodeChain chain = decoders.start();

    Steps(boolean skipSpecial) {
      this.skipSpecial = skipSpecial;
    }

    @Override
    public void add(int id, StringBuilder out) {
      String token = tokenOrNull(id);
      if (token != null && !(skipSpecial && isSpecial(id))) {
        chain.add(token, out);
      }
    }

    @Override
    public void finish(StringBuilder out) {
      chain.finish(out);
    }
  }

  /** Decodes a byte-level vocabulary: joins bytes. */
  private final class Bytes implements TokenDecoder {
    private final boolean skipSpecial;
    private final LossyDecoder decoder = new LossyDecoder();
    private final ByteText bytes = new ByteText(32);

    Bytes(boolean skipSpecial) {
      this.skipSpecial = skipSpecial;
    }

    @Override
    public void add(int id, StringBuilder out) {
      AddedToken token = addedVocabulary.byId().get(id);
      bytes.clear();
      if (token == null) {
        if (!vocabulary.has(id)) {
          return;
        }
        vocabulary.writeBytes(id, bytes);
      } else if (skipSpecial && addedVocabulary.isSpecial(token.content())) {
        return;
      } else {
        byte[] undone = ByteAlphabet.bytesOf(token.content());
        bytes.add(undone != null ? undone : Utf8.encode(token.content()));
      }
      decoder.add(bytes.array(), 0, bytes.size(), out);
    }

    @Override
    public void finish(StringBuilder out) {
      decoder.finish(out);
    }
  }
}
