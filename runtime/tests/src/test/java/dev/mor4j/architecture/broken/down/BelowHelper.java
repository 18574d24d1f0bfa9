package dev.mor4j.architecture.broken.down;

import dev.mor4j.architecture.broken.up.Above;

/** The other half, with a name that says nothing. */
public final class BelowHelper {
  private BelowHelper() {}

  /** As {@link Above} says. */
  public static int value(int depth) {
    return Above.value(depth - 1);
  }
}
