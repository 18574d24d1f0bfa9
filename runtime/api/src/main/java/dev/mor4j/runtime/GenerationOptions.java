package dev.mor4j.runtime;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * How text is generated. The filters apply in this order: repetition penalty, temperature, top-k,
 * top-p, min-p. Immutable: a {@code with…} method gives options that differ in one value.
 */
public final class GenerationOptions {
  /** The values by name, at first the defaults; never changed once options have them. */
  private static final class Values {
    int maxNewTokens = 256;
    double temperature = 0.8;
    int topK = 0;
    double topP = 0.95;
    double minP = 0;
    double repetitionPenalty = 1;
    OptionalLong seed = OptionalLong.empty();
    List<String> stop = List.of();
    boolean addBos = true;
    boolean parseSpecial = false;

    Values copy() {
      Values copy = new Values();
      copy.maxNewTokens = maxNewTokens;
      copy.temperature = temperature;
      copy.topK = topK;
      copy.topP = topP;
      copy.minP = minP;
      copy.repetitionPenalty = repetitionPenalty;
      copy.seed = seed;
      copy.stop = stop;
      copy.addBos = addBos;
      copy.parseSpecial = parseSpecial;
      return copy;
    }
  }

  private final Values values;

  private GenerationOptions(Values values) {
    Options.require(values.maxNewTokens >= 1, "maxNewTokens", values.maxNewTokens, "1 or more");
    Options.require(
        values.temperature >= 0 && values.temperature <= 1e6,
        "temperature",
        values.temperature,
        "0 (greedy) or more, at most 1e6");
    Options.require(values.topK >= 0, "topK", values.topK, "1 or more, or 0 for all");
    Options.require(
        values.topP > 0 && values.topP <= 1, "topP", values.topP, "more than 0, at most 1");
    Options.require(values.minP >= 0 && values.minP <= 1, "minP", values.minP, "0 to 1");
    Options.require(
        values.repetitionPenalty >= 1 && values.repetitionPenalty <= 1e6,
        "repetitionPenalty",
        values.repetitionPenalty,
        "1 (none) or more, at most 1e6");
    for (String text : values.stop) {
      Options.require(!text.isEmpty(), "a stop string", "empty", "at least one character");
    }
    this.values = values;
  }

  /**
   * Sampling at temperature 0.8 and top-p 0.95, up to 256 new tokens, a seed of its own for each
   * generation.
   */
  public static GenerationOptions defaults() {
    return new GenerationOptions(new Values());
  }

  /** Always the most likely token, up to 256 of them. */
  public static GenerationOptions greedy() {
    return defaults().withTemperature(0);
  }

  private GenerationOptions with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new GenerationOptions(changed);
  }

  /** Most tokens to generate, at least 1; the prompt does not count. */
  public int maxNewTokens() {
    return values.maxNewTokens;
  }

  /** Divides the logits; 0 for greedy, which the filters do not touch. */
  public double temperature() {
    return values.temperature;
  }

  /** Keeps the k most likely tokens; 0 for all. */
  public int topK() {
    return values.topK;
  }

  /**
   * Keeps the fewest most likely tokens whose probabilities reach this sum, in (0, 1]; 1 for all.
   */
  public double topP() {
    return values.topP;
  }

  /**
   * Keeps the tokens at least this likely, as a share of the most likely one, in [0, 1]; 0 for all.
   */
  public double minP() {
    return values.minP;
  }

  /**
   * At least 1: positive logits of tokens seen before are divided by it, negative ones multiplied;
   * 1 for none.
   */
  public double repetitionPenalty() {
    return values.repetitionPenalty;
  }

  /** Seed of the choices; without one each generation draws its own and reports it. */
  public OptionalLong seed() {
    return values.seed;
  }

  /** Strings before which the text ends; they are not part of it. */
  public List<String> stop() {
    return values.stop;
  }

  /**
   * Whether a text prompt that begins a text gets the ids that the model puts before one. Ids as
   * prompts are taken as they are.
   */
  public boolean addBos() {
    return values.addBos;
  }

  /**
   * Whether special tokens that are written in a text prompt become their ids. Leave this off for
   * text that others have written: they could end it, or speak for somebody else.
   */
  public boolean parseSpecial() {
    return values.parseSpecial;
  }

  /** These options with another {@link #maxNewTokens()}. */
  public GenerationOptions withMaxNewTokens(int value) {
    return with(changed -> changed.maxNewTokens = value);
  }

  /** These options with another {@link #temperature()}. */
  public GenerationOptions withTemperature(double value) {
    return with(changed -> changed.temperature = value);
  }

  /** These options with another {@link #topK()}. */
  public GenerationOptions withTopK(int value) {
    return with(changed -> changed.topK = value);
  }

  /** These options with another {@link #topP()}. */
  public GenerationOptions withTopP(double value) {
    return with(changed -> changed.topP = value);
  }

  /** These options with another {@link #minP()}. */
  public GenerationOptions withMinP(double value) {
    return with(changed -> changed.minP = value);
  }

  /** These options with another {@link #repetitionPenalty()}. */
  public GenerationOptions withRepetitionPenalty(double value) {
    return with(changed -> changed.repetitionPenalty = value);
  }

  /** These options with a seed. */
  public GenerationOptions withSeed(long value) {
    return withSeed(OptionalLong.of(value));
  }

  /** These options with a seed, or, where {@code value} is empty, a new one for each generation. */
  public GenerationOptions withSeed(OptionalLong value) {
    Objects.requireNonNull(value, "value");
    return with(changed -> changed.seed = value);
  }

  /** These options with other {@link #stop()} strings, which are copied. */
  public GenerationOptions withStop(List<String> value) {
    Objects.requireNonNull(value, "value");
    value.forEach(text -> Objects.requireNonNull(text, "a stop string"));
    return with(changed -> changed.stop = List.copyOf(value));
  }

  /** These options with another {@link #addBos()}. */
  public GenerationOptions withAddBos(boolean value) {
    return with(changed -> changed.addBos = value);
  }

  /** These options with another {@link #parseSpecial()}. */
  public GenerationOptions withParseSpecial(boolean value) {
    return with(changed -> changed.parseSpecial = value);
  }

  private Map<String, Object> named() {
    return Options.named(
        "maxNewTokens", values.maxNewTokens,
        "temperature", values.temperature,
        "topK", values.topK,
        "topP", values.topP,
        "minP", values.minP,
        "repetitionPenalty", values.repetitionPenalty,
        "seed", values.seed,
        "stop", values.stop,
        "addBos", values.addBos,
        "parseSpecial", values.parseSpecial);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GenerationOptions options && named().equals(options.named());
  }

  @Override
  public int hashCode() {
    return named().hashCode();
  }

  @Override
  public String toString() {
    return Options.text(GenerationOptions.class, named());
  }
}
