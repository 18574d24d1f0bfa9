package dev.mor4j.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.engine.RequestPriority;
import dev.mor4j.runtime.format.RoutingConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What {@code POST /v1/completions} asks for.
 *
 * @param prompts for the engine, one for each choice
 * @param stream whether texts are sent as they come
 * @param includeUsage whether a stream ends with the usage
 * @param returnTokens whether ids and depths of the tokens are wanted
 * @param seed of all prompts, drawn where none was given
 */
record CompletionRequest(
    List<GenerationRequest> prompts,
    boolean stream,
    boolean includeUsage,
    boolean returnTokens,
    long seed) {
  /**
   * What a client gets that says nothing: the runtime's defaults, but for those that OpenAI's
   * completions API gives other values, which its clients rely on.
   */
  private static final GenerationOptions DEFAULTS =
      GenerationOptions.defaults().withMaxNewTokens(16).withTemperature(1).withTopP(1);

  private static final String THRESHOLD = "probability_threshold";

  /** What the field was called at first; it is still taken. */
  private static final String OLD_THRESHOLD = "threshold";

  /** Seeds that are drawn are numbers that every JSON library keeps exactly. */
  private static final long SEEDS = 1L << 53;

  private static final int MOST_STOPS = 4;
  private static final int LONGEST_STOP = 1000;
  private static final long LONGEST_MILLIS = Duration.ofDays(1).toMillis();

  private static final Set<String> KNOWN =
      Set.of(
          // OpenAI's
          "model",
          "prompt",
          "max_tokens",
          "temperature",
          "top_p",
          "n",
          "stream",
          "stream_options",
          "stop",
          "seed",
          "echo",
          "logprobs",
          "logit_bias",
          "best_of",
          "presence_penalty",
          "frequency_penalty",
          "suffix",
          "user",
          // ours
          "top_k",
          "min_p",
          "repetition_penalty",
          "max_recursions",
          THRESHOLD,
          OLD_THRESHOLD,
          "priority",
          "deadline_ms",
          "return_tokens",
          "add_bos",
          "parse_special");

  /**
   * Reads a request.
   *
   * @throws ApiException when a field is unknown, has a wrong type or value, or asks for something
   *     that is not offered
   */
  static CompletionRequest read(ObjectNode body, MorModel model, ServerOptions options) {
    Fields fields = new Fields(body);
    fields.requireKnown(KNOWN);
    String name = fields.text("model").orElse(options.modelName());
    if (!name.equals(options.modelName())) {
      throw ModelsHandler.unknown(name, options);
    }
    refuseWhatIsNotOffered(fields);
    OptionalLong asked = fields.integer("seed", Long.MIN_VALUE, Long.MAX_VALUE);
    long seed = asked.orElseGet(() -> ThreadLocalRandom.current().nextLong(SEEDS));
    GenerationOptions generation = generation(fields, seed);
    SessionOptions session = session(fields, model);
    RequestPriority priority =
        fields.choice("priority", RequestPriority.NORMAL, RequestPriority.values());
    OptionalLong deadline = fields.integer("deadline_ms", 1L, LONGEST_MILLIS);
    List<GenerationRequest> prompts = new ArrayList<>();
    for (GenerationRequest prompt : Prompts.read(fields, model, options.maxPrompts())) {
      GenerationRequest request =
          prompt.withGeneration(generation).withSession(session).withPriority(priority);
      prompts.add(
          deadline.isPresent()
              ? request.withDeadline(Duration.ofMillis(deadline.getAsLong()))
              : request);
    }
    boolean stream = fields.flag("stream", false);
    return new CompletionRequest(
        List.copyOf(prompts),
        stream,
        includeUsage(fields, stream),
        fields.flag("return_tokens", false),
        seed);
  }

  private static void refuseWhatIsNotOffered(Fields fields) {
    fields.text("user");
    for (String one : List.of("n", "best_of")) {
      long value = fields.integer(one, 1L, 128L).orElse(1);
      fields.refuseUnless(value == 1, one, "but one choice a prompt is all that is offered");
    }
    fields.refuseUnless(!fields.flag("echo", false), "echo", "but prompts are not repeated");
    fields.refuseUnless(
        fields.value("logprobs").isEmpty(), "logprobs", "but log probabilities are not offered");
    fields.refuseUnless(
        fields.value("logit_bias").filter(bias -> !bias.isEmpty()).isEmpty(),
        "logit_bias",
        "but biases are not offered");
    fields.refuseUnless(
        fields.text("suffix").filter(suffix -> !suffix.isEmpty()).isEmpty(),
        "suffix",
        "but texts are not inserted");
    for (String penalty : List.of("presence_penalty", "frequency_penalty")) {
      double value = fields.number(penalty, 0, -2, 2);
      fields.refuseUnless(value == 0, penalty, "but it is not offered; see repetition_penalty");
    }
  }

  private static GenerationOptions generation(Fields fields, long seed) {
    double topP = fields.number("top_p", DEFAULTS.topP(), 0, 1);
    if (topP == 0) {
      throw ApiException.field("top_p", "top_p is 0, expected a number above 0, at most 1");
    }
    double penalty = fields.number("repetition_penalty", DEFAULTS.repetitionPenalty(), 1, 1e6);
    return DEFAULTS
        .withMaxNewTokens(
            fields.integer("max_tokens", DEFAULTS.maxNewTokens(), 1, Integer.MAX_VALUE))
        .withTemperature(fields.number("temperature", DEFAULTS.temperature(), 0, 1e6))
        .withTopK(fields.integer("top_k", DEFAULTS.topK(), 0, Integer.MAX_VALUE))
        .withTopP(topP)
        .withMinP(fields.number("min_p", DEFAULTS.minP(), 0, 1))
        .withRepetitionPenalty(penalty)
        .withSeed(seed)
        .withAddBos(fields.flag("add_bos", DEFAULTS.addBos()))
        .withParseSpecial(fields.flag("parse_special", DEFAULTS.parseSpecial()))
        .withStop(stop(fields));
  }

  private static List<String> stop(Fields fields) {
    JsonNode stop = fields.value("stop").orElse(null);
    if (stop == null) {
      return List.of();
    }
    List<JsonNode> nodes = new ArrayList<>();
    if (stop.isArray()) {
      stop.forEach(nodes::add);
    } else {
      nodes.add(stop);
    }
    String expected =
        "a text or an array of up to "
            + MOST_STOPS
            + " texts, none of them empty or longer than "
            + LONGEST_STOP
            + " characters";
    if (nodes.size() > MOST_STOPS) {
      throw fields.wrong("stop", stop, expected);
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode node : nodes) {
      if (!node.isTextual()
          || node.textValue().isEmpty()
          || node.textValue().length() > LONGEST_STOP) {
        throw fields.wrong("stop", stop, expected);
      }
      texts.add(node.textValue());
    }
    return texts;
  }

  private static SessionOptions session(Fields fields, MorModel model) {
    int recursions = model.config().recursions();
    SessionOptions defaults = SessionOptions.defaults();
    String given = fields.value(THRESHOLD).isPresent() ? THRESHOLD : OLD_THRESHOLD;
    double threshold = fields.number(given, defaults.probabilityThreshold(), 0, 1);
    if (fields.number(OLD_THRESHOLD, threshold, 0, 1) != threshold) {
      throw ApiException.field(
          THRESHOLD,
          THRESHOLD
              + " is "
              + threshold
              + " and "
              + OLD_THRESHOLD
              + " is "
              + fields.number(OLD_THRESHOLD, threshold, 0, 1)
              + ", expected one value: they are two names of one field");
    }
    fields.refuseUnless(
        threshold == defaults.probabilityThreshold()
            || model.config().routing() instanceof RoutingConfig.ExpertChoice,
        given,
        "but only expert-choice routing has one");
    return defaults
        .withMaxRecursions(fields.integer("max_recursions", 0, 1, recursions))
        .withProbabilityThreshold(threshold);
  }

  private static boolean includeUsage(Fields fields, boolean stream) {
    Fields inner = fields.fields("stream_options").orElse(null);
    if (inner == null) {
      return false;
    }
    fields.refuseUnless(stream, "stream_options", "but stream is not true");
    inner.requireKnown(Set.of("include_usage", "include_obfuscation"));
    inner.refuseUnless(
        !inner.flag("include_obfuscation", false), "include_obfuscation", "but it is not offered");
    return inner.flag("include_usage", false);
  }
}
