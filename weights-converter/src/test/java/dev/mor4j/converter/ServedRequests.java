package dev.mor4j.converter;

import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Requests that an engine serves together, and what a session gives to each of them alone. */
final class ServedRequests {
  private static final long SEED = 4;

  private ServedRequests() {}

  /** How a request is to be generated. */
  interface Manner {
    /** Request {@code i} as it is to be; {@code random} for what is left to chance. */
    GenerationRequest of(int i, SplittableRandom random, GenerationRequest request);
  }

  /**
   * Requests with random prompts, every third of them of {@code longest} tokens, of which all but
   * the last five are common to those.
   *
   * @param longest at most, and no more than half of the context
   */
  static List<GenerationRequest> random(MorModel model, int count, int longest, Manner manner) {
    SplittableRandom random = new SplittableRandom(SEED);
    int vocabulary = model.config().architecture().vocabulary();
    int most = Math.min(longest, model.config().architecture().maxPositions() / 2);
    int[] common = random.ints(most, 0, vocabulary).toArray();
    List<GenerationRequest> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt = random.ints(i % 3 == 0 ? most : 1 + i, 0, vocabulary).toArray();
      System.arraycopy(common, 0, prompt, 0, i % 3 == 0 ? most - 5 : 0);
      requests.add(manner.of(i, random, GenerationRequest.of(prompt)));
    }
    return requests;
  }

  /** Each in a session of its own. */
  static List<GenerationResult> alone(MorModel model, List<GenerationRequest> requests) {
    List<GenerationResult> results = new ArrayList<>();
    for (GenerationRequest request : requests) {
      try (MorSession session = model.newSession(request.session())) {
        results.add(
            session.generate(
                request.promptIds().orElseThrow(), request.generation(), (Token token) -> {}));
      }
    }
    return results;
  }
}
