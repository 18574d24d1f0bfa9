package dev.mor4j.runtime.format;

import java.util.Locale;

/**
 * Where the unrolled layers of a model share weights (section 2.1 of arXiv 2507.10524). {@code N}
 * recursions of a block of {@code b} layers.
 *
 * <p>Source: docs/forward-pass.md, section 4.
 */
public enum Sharing {
  /** No recursion: every layer is its own; {@code N = 1}, {@code b = L}. */
  NONE(0),
  /**
   * Layer {@code i} is block layer {@code i mod b} in recursion {@code i div b}; {@code b = L / N}.
   */
  CYCLE(0),
  /**
   * Layer {@code i} is block layer {@code i div N} in recursion {@code i mod N}; {@code b = L / N}.
   */
  SEQUENCE(0),
  /** As {@link #CYCLE}, between a unique first and a unique last layer; {@code b = (L - 2) / N}. */
  MIDDLE_CYCLE(1),
  /**
   * As {@link #SEQUENCE}, between a unique first and a unique last layer; {@code b = (L - 2) / N}.
   */
  MIDDLE_SEQUENCE(1);

  private final int uniqueAtEachEnd;

  Sharing(int uniqueAtEachEnd) {
    this.uniqueAtEachEnd = uniqueAtEachEnd;
  }

  /** Unique layers before the block, and as many after it: 0 or 1. */
  public int uniqueAtEachEnd() {
    return uniqueAtEachEnd;
  }

  /**
   * Whether the layers of a recursion follow each other, so that a router can decide between
   * recursions.
   */
  public boolean isCycle() {
    return this == CYCLE || this == MIDDLE_CYCLE;
  }

  /** The name in configurations: {@code middle_cycle}. */
  public String configName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
