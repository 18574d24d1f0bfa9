package dev.mor4j.runtime.text.vocabulary;

import dev.mor4j.runtime.text.codec.TooManyTokensException;
import java.util.Arrays;

/** Takes the ids of one text, up to a limit. One thread. */
public final class TokenSink {
  private final int limit;
  private int[] ids = new int[64];
  private int size;

  /**
   * @param limit most ids
   */
  public TokenSink(int limit) {
    this.limit = limit;
  }

  /**
   * Adds an id.
   *
   * @throws TooManyTokensException when that is one too many
   */
  public void add(int id) {
    if (size == limit) {
      throw new TooManyTokensException(limit);
    }
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, size + (size >> 1));
    }
    ids[size++] = id;
  }

  /**
   * Adds the first {@code count} of {@code more}.
   *
   * @throws TooManyTokensException when that are too many
   */
  void addAll(int[] more, int count) {
    if (count > limit - size) {
      throw new TooManyTokensException(limit);
    }
    if (count > ids.length - size) {
      ids = Arrays.copyOf(ids, Math.max(size + count, size + (size >> 1)));
    }
    System.arraycopy(more, 0, ids, size, count);
    size += count;
  }

  /** Ids taken so far. */
  public int size() {
    return size;
  }

  /** The ids; a copy. */
  public int[] toArray() {
    return Arrays.copyOf(ids, size);
  }
}
