package dev.mor4j.cli.soak;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.Tokenizer;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A request that comes many times, and the text that it gives alone.
 *
 * @param fields the members of its JSON body but for {@code stream}, without the braces
 * @param text what a session gives for it
 */
record SoakKind(String fields, String text) {
  private static final int KINDS = 64;
  private static final int SHARED = 48;
  private static final JsonFactory JSON = new JsonFactory();

  /** The body of a request. */
  String body(boolean stream) {
    return "{" + fields + ",\"stream\":" + stream + "}";
  }

  /**
   * Makes requests of many lengths: short and long prompts, a third with a common beginning, half
   * as texts and half as token ids, half greedy and half sampled.
   */
  static List<SoakKind> of(MorModel model, Tokenizer tokenizer, long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    int context = model.config().architecture().maxPositions();
    int longest = Math.max(2, Math.min(context / 2, 400));
    int vocabulary = model.config().architecture().vocabulary();
    int[] shared = random.ints(Math.min(SHARED, longest / 2), 0, vocabulary).toArray();
    List<SoakKind> kinds = new ArrayList<>();
    try (MorSession session = model.newSession()) {
      for (int i = 0; i < KINDS; i++) {
        // As many of each order of magnitude.
        int length = (int) Math.round(Math.exp(random.nextDouble() * Math.log(longest)));
        int[] ids = random.ints(Math.max(1, length), 0, vocabulary).toArray();
        if (i % 3 == 0) {
          System.arraycopy(shared, 0, ids, 0, Math.min(shared.length, ids.length));
        }
        int tokens = 1 + random.nextInt(i % 8 == 0 ? 48 : 12);
        GenerationOptions options =
            GenerationOptions.greedy()
                .withMaxNewTokens(Math.max(1, Math.min(tokens, context / 4)))
                .withSeed(i);
        options = i % 2 == 0 ? options : options.withTemperature(1).withTopP(1);
        kinds.add(
            i % 4 < 2 ? ofIds(session, ids, options) : ofText(session, tokenizer, ids, options));
      }
    }
    return kinds;
  }

  private static SoakKind ofIds(MorSession session, int[] ids, GenerationOptions options)
      throws IOException {
    session.reset();
    String text = session.generate(ids, options, token -> {}).text();
    StringWriter prompt = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(prompt)) {
      json.writeArray(ids, 0, ids.length);
    }
    return new SoakKind(fields(prompt.toString(), options), text);
  }

  private static SoakKind ofText(
      MorSession session, Tokenizer tokenizer, int[] ids, GenerationOptions options)
      throws IOException {
    String prompt = tokenizer.decode(ids, true);
    if (prompt.isEmpty()) {
      return ofIds(session, ids, options);
    }
    session.reset();
    String text = session.generate(prompt, options).text();
    StringWriter quoted = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(quoted)) {
      json.writeString(prompt);
    }
    return new SoakKind(fields(quoted.toString(), options), text);
  }

  private static String fields(String prompt, GenerationOptions options) {
    return "\"prompt\":"
        + prompt
        + ",\"max_tokens\":"
        + options.maxNewTokens()
        + ",\"temperature\":"
        + options.temperature()
        + ",\"top_p\":1,\"seed\":"
        + options.seed().orElseThrow();
  }
}
