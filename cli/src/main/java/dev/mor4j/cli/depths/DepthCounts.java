package dev.mor4j.cli.depths;

import dev.mor4j.cli.terminal.Sizes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** How many tokens went how deep. */
public final class DepthCounts {
  private final long[] counts;

  /** Counts depths of 0 to {@code recursions}. */
  public DepthCounts(int recursions) {
    this.counts = new long[recursions + 1];
  }

  /** Counts tokens; a negative depth is one not known. */
  public void add(int... depths) {
    for (int depth : depths) {
      if (depth >= 0) {
        counts[depth]++;
      }
    }
  }

  /** The deepest that a token can go. */
  public int recursions() {
    return counts.length - 1;
  }

  /** Tokens counted. */
  public long tokens() {
    long tokens = 0;
    for (long count : counts) {
      tokens += count;
    }
    return tokens;
  }

  /** Tokens whose depth is {@code depth}. */
  public long count(int depth) {
    return counts[depth];
  }

  /** For each recursion, the share of the tokens that took part in it. */
  public List<Double> shares() {
    long tokens = tokens();
    List<Double> shares = new ArrayList<>();
    long active = tokens;
    for (int r = 0; r < counts.length - 1; r++) {
      active -= counts[r];
      shares.add(tokens == 0 ? 0 : (double) active / tokens);
    }
    return shares;
  }

  /** The shares for people: {@code 1.000 0.666 0.332}. */
  public String sharesText() {
    return shares().stream()
        .map(share -> Sizes.format("%.3f", share))
        .collect(Collectors.joining(" "));
  }
}
