package dev.mor4j.runtime.text.codec;

import java.util.Optional;
import java.util.OptionalInt;

/** Text to token ids and back, as a tokenizer's file says. Immutable; any thread. */
public interface TokenCodec {
  /** As {@code maxTokens}: as many tokens as the text has. */
  int NO_LIMIT = Integer.MAX_VALUE;

  /**
   * The ids of a text, without those of {@link #beginIds()} and {@link #endIds()}. A surrogate that
   * stands alone counts as U+FFFD.
   *
   * @param parseSpecial whether special tokens that are written in the text become their ids;
   *     otherwise they are text like any other
   * @param maxTokens most ids; encoding stops where there are more
   * @throws TooManyTokensException when the text has more than {@code maxTokens} tokens
   */
  int[] encode(String text, boolean parseSpecial, int maxTokens);

  /** What the file's own post-processor puts before a text; a copy. */
  int[] beginIds();

  /** What the file's own post-processor puts behind a text; a copy. */
  int[] endIds();

  /**
   * A decoder at the beginning of a text.
   *
   * @param skipSpecial whether special tokens are left out
   */
  TokenDecoder decoder(boolean skipSpecial);

  /** The largest id plus one. */
  int idBound();

  /** The id of a token as the file writes it, added tokens included. */
  OptionalInt id(String token);

  /** The token of an id, as the file writes it. */
  Optional<String> token(int id);

  /** Whether {@code id} is a special token, which stands for no text. */
  boolean isSpecial(int id);
}
