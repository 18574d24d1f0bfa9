package dev.mor4j.runtime.format;

import java.util.Locale;

/**
 * What the recursions cache (section 2.2 of arXiv 2507.10524).
 *
 * <p>Source: docs/forward-pass.md, section 7.
 */
public enum Caching {
  /** Each recursion has its own keys and values, of the tokens that take part in it. */
  RECURSION_WISE,
  /** Recursion 0 stores the keys and values of all tokens; later recursions read them. */
  SHARED,
  /** As {@link #SHARED}, but a recursion sees its own tokens' keys and values as computed in it. */
  SHARED_UPDATE;

  /** The name in configurations: {@code recursion_wise}. */
  public String configName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
