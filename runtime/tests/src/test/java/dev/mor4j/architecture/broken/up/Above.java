package dev.mor4j.architecture.broken.up;

import dev.mor4j.architecture.broken.down.BelowHelper;

/** Uses what uses it: one half of a circle of packages. */
public final class Above {
  /** A record that is too wide. */
  public record Wide(int a, int b, int c, int d, int e, int f, int g, int h) {}

  private Above() {}

  /** As {@link BelowHelper} says. */
  public static int value(int depth) {
    return depth == 0 ? 0 : BelowHelper.value(depth);
  }
}
