package dev.mor4j.runtime.text.bounds;

import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TokenDecoder;
import dev.mor4j.runtime.text.codec.TooManyTokensException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A tokenizer with more special tokens, which have the ids behind its own. Immutable; any thread.
 */
final class CompletedTokenizer implements TokenCodec {
  private final TokenCodec codec;
  private final List<String> added;

  /**
   * @param added tokens that {@code codec} has not, none empty; few, because each of them is looked
   *     for at every place of a text
   */
  CompletedTokenizer(TokenCodec codec, List<String> added) {
    this.codec = codec;
    this.added = List.copyOf(added);
  }

  @Override
  public int[] encode(String text, boolean parseSpecial, int maxTokens) {
    if (!parseSpecial) {
      return codec.encode(text, false, maxTokens);
    }
    Ids ids = new Ids(maxTokens);
    int from = 0;
    for (int at = 0; at < text.length(); ) {
      int found = tokenAt(text, at);
      if (found < 0) {
        at++;
        continue;
      }
      ids.add(text.substring(from, at));
      ids.add(new int[] {codec.idBound() + found});
      at += added.get(found).length();
      from = at;
    }
    if (from == 0) {
      return codec.encode(text, true, maxTokens);
    }
    ids.add(text.substring(from));
    return ids.toArray();
  }

  /** The longest added token that begins at {@code at}; -1 where none does. */
  private int tokenAt(String text, int at) {
    int found = -1;
    for (int i = 0; i < added.size(); i++) {
      if (text.startsWith(added.get(i), at)
          && (found < 0 || added.get(i).length() > added.get(found).length())) {
        found = i;
      }
    }
    return found;
  }

  /** Grows by parts of a text. */
  private final class Ids {
    private final int maxTokens;
    private int[] ids = {};
    private int size;

    Ids(int maxTokens) {
      this.maxTokens = maxTokens;
    }

    void add(String part) {
      if (part.isEmpty()) {
        return;
      }
      try {
        add(codec.encode(part, true, maxTokens - size));
      } catch (TooManyTokensException e) {
        throw new TooManyTokensException(maxTokens);
      }
    }

    void add(int[] more) {
      if (more.length > maxTokens - size) {
        throw new TooManyTokensException(maxTokens);
      }
      if (ids.length < size + more.length) {
        ids = Arrays.copyOf(ids, Math.max(size + more.length, ids.length * 3 / 2));
      }
      System.arraycopy(more, 0, ids, size, more.length);
      size += more.length;
    }

    int[] toArray() {
      return Arrays.copyOf(ids, size);
    }
  }

  @Override
  public int[] beginIds() {
    return codec.beginIds();
  }

  @Override
  public int[] endIds() {
    return codec.endIds();
  }

  @Override
  public TokenDecoder decoder(boolean skipSpecial) {
    return new TokenDecoder() {
      private TokenDecoder inner = codec.decoder(skipSpecial);

      @Override
      public void add(int id, StringBuilder out) {
        if (id < codec.idBound()) {
          inner.add(id, out);
        } else if (!skipSpecial && id - codec.idBound() < added.size()) {
          inner.finish(out);
          out.append(added.get(id - codec.idBound()));
          inner = codec.decoder(false);
        }
      }

      @Override
      public void finish(StringBuilder out) {
        inner.finish(out);
      }
    };
  }

  @Override
  public int idBound() {
    return codec.idBound() + added.size();
  }

  @Override
  public OptionalInt id(String token) {
    int i = added.indexOf(token);
    return i < 0 ? codec.id(token) : OptionalInt.of(codec.idBound() + i);
  }

  @Override
  public Optional<String> token(int id) {
    int i = id - codec.idBound();
    return i >= 0 && i < added.size() ? Optional.of(added.get(i)) : codec.token(id);
  }

  @Override
  public boolean isSpecial(int id) {
    int i = id - codec.idBound();
    return (i >= 0 && i < added.size()) || codec.isSpecial(id);
  }
}
