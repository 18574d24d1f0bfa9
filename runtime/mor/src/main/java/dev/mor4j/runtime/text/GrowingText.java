package dev.mor4j.runtime.text;

import java.util.Arrays;

/**
 * One text as token ids, which grows to the end of its context: the tokens that are known, how many
 * of them the model has computed, and in how many recursions each of those took part. A session has
 * one, and so has each sequence of an engine. One thread at a time.
 */
public final class GrowingText {
  private static final int LEAST_CAPACITY = 64;

  private final int contextLength;
  private int[] ids;
  private int[] depths;
  private int length;
  private int computed;

  /**
   * @param contextLength most tokens that the text may have
   */
  public GrowingText(int contextLength) {
    this.contextLength = contextLength;
    this.ids = new int[LEAST_CAPACITY];
    this.depths = new int[LEAST_CAPACITY];
  }

  /** Most tokens that the text may have. */
  public int contextLength() {
    return contextLength;
  }

  /** Tokens known. */
  public int length() {
    return length;
  }

  /** How many of them, from the first on, the model has computed. */
  public int computed() {
    return computed;
  }

  /** Tokens that are known and not computed yet. */
  public int due() {
    return length - computed;
  }

  /** Whether no other token has room. */
  public boolean isFull() {
    return length >= contextLength;
  }

  /** The ids, of which the first {@link #length()} are the text; borrowed until it grows. */
  public int[] ids() {
    return ids;
  }

  /** The ids of the text; a copy. */
  public int[] copyOfIds() {
    return Arrays.copyOf(ids, length);
  }

  /** The depths, filled by whoever computes tokens; borrowed until the text grows. */
  public int[] depths() {
    return depths;
  }

  /** In how many recursions the token at {@code position}, which was computed, took part. */
  public int depth(int position) {
    return depths[position];
  }

  /** Makes room for {@code tokens} more tokens, as far as the context goes. */
  public void reserve(int tokens) {
    int needed = length + Math.min(tokens, contextLength - length);
    if (needed > ids.length) {
      ids = Arrays.copyOf(ids, needed);
      depths = Arrays.copyOf(depths, needed);
    }
  }

  /**
   * Adds a token, unless the context is full.
   *
   * @return whether it had room
   */
  public boolean append(int id) {
    if (isFull()) {
      return false;
    }
    if (length == ids.length) {
      reserve(Math.max(length, LEAST_CAPACITY));
    }
    ids[length++] = id;
    return true;
  }

  /** Adds tokens that fit the context. */
  public void append(int[] more) {
    reserve(more.length);
    System.arraycopy(more, 0, ids, length, more.length);
    length += more.length;
  }

  /** Takes the last tokens back, which were not computed, until there are {@code tokens}. */
  public void truncate(int tokens) {
    length = tokens;
  }

  /** The next {@code tokens} tokens were computed; their depths are noted. */
  public void advance(int tokens) {
    computed += tokens;
  }

  /** The first {@code tokens} tokens count as computed, and no other: their caches are there. */
  public void restart(int tokens) {
    computed = tokens;
  }

  /** Forgets everything. */
  public void clear() {
    length = 0;
    computed = 0;
  }
}
