package dev.mor4j.runtime;

import java.util.List;

/**
 * A prompt as the model takes it.
 *
 * @param ids its token ids; not copied
 * @param warnings what its caller should know of it, in whole sentences
 */
@SuppressWarnings("ArrayRecordComponent") // inside of the package, and never compared
record PromptTokens(int[] ids, List<String> warnings) {
  /** Token ids that are taken as they are. */
  static PromptTokens of(int[] ids) {
    return new PromptTokens(ids, List.of());
  }
}
