package dev.mor4j.runtime.text.vocabulary;

import dev.mor4j.runtime.text.codec.TooManyTokensException;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes the ids of one text, up to a limit. They are kept in blocks, so that what was taken is
 * never copied while more comes: a text of which each byte is a token needs four bytes for it here,
 * and four in the array at the end. One thread.
 */
public final class TokenSink {
  private static final int FIRST = 64;
  private static final int LARGEST = 1 << 16;

  private final int limit;
  private List<int[]> full = List.of();
  private int[] block = new int[FIRST];
  private int inBlock;
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
    if (inBlock == block.length) {
      nextBlock(1);
    }
    block[inBlock++] = id;
    size++;
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
    int first = Math.min(count, block.length - inBlock);
    System.arraycopy(more, 0, block, inBlock, first);
    inBlock += first;
    if (first < count) {
      nextBlock(count - first);
      System.arraycopy(more, first, block, 0, count - first);
      inBlock = count - first;
    }
    size += count;
  }

  /** Begins a block of at least {@code ids} ids; the one at hand is full. */
  private void nextBlock(int ids) {
    if (full.isEmpty()) {
      full = new ArrayList<>();
    }
    full.add(block);
    block = new int[Math.max(ids, Math.min(LARGEST, Math.max(FIRST, size)))];
    inBlock = 0;
  }

  /** Ids taken so far. */
  public int size() {
    return size;
  }

  /** The ids; a copy. */
  public int[] toArray() {
    int[] ids = new int[size];
    int at = 0;
    for (int[] ended : full) {
      System.arraycopy(ended, 0, ids, at, ended.length);
      at += ended.length;
    }
    System.arraycopy(block, 0, ids, at, inBlock);
    return ids;
  }
}
