package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.PreparedRouting;
import java.util.Optional;

/**
 * No router: every token goes once through all layers that may run.
 *
 * <p>Source: docs/forward-pass.md, section 2, step 3.
 */
final class UnroutedTokens implements RecursionRouter {
  @Override
  public int enter(int[] rows, int count, PassBuffers buffers) {
    for (int i = 0; i < count; i++) {
      buffers.tokens.depths[rows[i]] = buffers.tokens.settings[rows[i]].maxRecursions();
    }
    return count;
  }

  @Override
  public int next(int[] rows, int count, PassBuffers buffers) {
    return 0;
  }

  @Override
  public void leave(int[] rows, int count, PassBuffers buffers) {}

  @Override
  public Optional<PreparedRouting> prepared() {
    return Optional.empty();
  }
}
