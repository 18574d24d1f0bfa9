package dev.mor4j.runtime.text.tokenizer.match;

import dev.mor4j.runtime.text.utf8.Utf8;

/**
 * All matches in a text, one behind the other. An empty match right behind the one before it does
 * not count, as in the iteration of the {@code onig} crate. One thread.
 */
public final class Matches {
  private final Finder finder;
  private final byte[] text;
  private final int to;
  private int at;
  private int start;
  private int end = -1;

  /** All matches of {@code finder} in {@code text[from, to)}. */
  public Matches(Finder finder, byte[] text, int from, int to) {
    this.finder = finder;
    this.text = text;
    this.to = to;
    at = from;
  }

  /** Goes to the next match; false where there is none. */
  public boolean next() {
    while (at <= to) {
      long match = finder.find(text, at, to);
      if (match == Finder.NONE) {
        at = to + 1;
        return false;
      }
      int nextStart = Finder.start(match);
      int nextEnd = Finder.end(match);
      if (nextStart == nextEnd && nextEnd == end) {
        at += at < to ? Utf8.length(text[at]) : 1;
        continue;
      }
      start = nextStart;
      end = nextEnd;
      at = end;
      return true;
    }
    return false;
  }

  /** Where the match begins. */
  public int start() {
    return start;
  }

  /** Where the match ends. */
  public int end() {
    return end;
  }
}
