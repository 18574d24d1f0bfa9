package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;

/**
 * Measures how fast a model decodes and takes prompts. Machines that others use too get slower and
 * faster, so the bandwidth that decoding is held against is measured in between.
 *
 * <p>The prompt is text that the model wrote itself at temperature 1, so that its routers see what
 * they were trained on; without a tokenizer, evenly drawn ids. The seed is fixed.
 */
public final class ModelProbe {
  private static final int PROMPT = 32;
  private static final int DECODED = 64;
  private static final int PREFILL = 128;
  private static final long SEED = 2;
  private static final int BANDWIDTH_REPEATS = 3;

  /** Slow models are measured with fewer tokens: about so long for a part of a round. */
  private static final long PART_NANOS = 5_000_000_000L;

  /** No round begins after this. */
  private static final long MOST_NANOS = 20_000_000_000L;

  private static final int[] NO_IDS = {};

  private final MorModel model;
  private final int promptTokens;
  private final int mostDecoded;
  private final int[] text;

  private ModelProbe(MorModel model, MorSession session) {
    int positions = model.config().architecture().maxPositions();
    if (positions < 2) {
      throw new IllegalArgumentException(
          "the model takes texts of " + positions + " tokens, expected 2 or more to decode one");
    }
    this.model = model;
    this.promptTokens = Math.min(PROMPT, positions / 2);
    this.mostDecoded = Math.min(DECODED, positions - promptTokens);
    this.text = text(session, Math.min(PREFILL, positions));
  }

  /**
   * Measures {@code model} with one session. Takes seconds; rounds are left out where a model is so
   * slow that they would take long.
   *
   * @param machine measures the bandwidth; without it the result has none
   * @param rounds how often to decode and to take a prompt, after a first round to warm up
   * @throws NonFiniteLogitsException when the model computes no usable logit
   */
  public static ModelSpeed measure(MorModel model, Optional<MachineProbe> machine, int rounds) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(machine, "machine");
    if (rounds < 1) {
      throw new IllegalArgumentException("rounds is " + rounds + ", expected 1 or more");
    }
    try (MorSession session = model.newSession()) {
      return new ModelProbe(model, session).run(session, machine, rounds);
    }
  }

  /** Tokens that were computed: how many, how deep, how fast. */
  private record Part(int tokens, double depth, double rate) {}

  private ModelSpeed run(MorSession session, Optional<MachineProbe> machine, int rounds) {
    long start = System.nanoTime();
    List<Part> decodes = new ArrayList<>();
    List<Part> prefills = new ArrayList<>();
    DoubleStream.Builder bandwidths = DoubleStream.builder();
    for (int round = 0; round <= rounds; round++) {
      addBandwidths(machine, bandwidths);
      decodes.add(decode(session));
      addBandwidths(machine, bandwidths);
      prefills.add(prefill(session, decodes.getLast().rate()));
      if (System.nanoTime() - start > MOST_NANOS) {
        break;
      }
    }
    // The first round warmed up; it counts only where there was no time for another.
    List<Part> decoded = decodes.size() > 1 ? decodes.subList(1, decodes.size()) : decodes;
    List<Part> taken = prefills.size() > 1 ? prefills.subList(1, prefills.size()) : prefills;
    return new ModelSpeed(
        promptTokens,
        speed(decoded),
        speed(taken),
        machine.map(probe -> MeasuredRate.of(bandwidths.build().toArray())));
  }

  private static void addBandwidths(Optional<MachineProbe> machine, DoubleStream.Builder all) {
    machine.ifPresent(
        probe -> Arrays.stream(probe.bandwidths(BANDWIDTH_REPEATS)).forEach(all::add));
  }

  private static ModelSpeed.Part speed(List<Part> parts) {
    return new ModelSpeed.Part(parts.getLast().tokens(), meanDepth(parts), rate(parts));
  }

  private static double meanDepth(List<Part> parts) {
    double depths = parts.stream().mapToDouble(part -> part.tokens() * part.depth()).sum();
    return depths / parts.stream().mapToInt(Part::tokens).sum();
  }

  private static MeasuredRate rate(List<Part> parts) {
    return MeasuredRate.of(parts.stream().mapToDouble(Part::rate).toArray());
  }

  /** Decodes greedily after a prompt; an end of the text is taken as a token as any other. */
  private Part decode(MorSession session) {
    session.reset();
    GenerationOptions options = GenerationOptions.greedy().withMaxNewTokens(mostDecoded + 1);
    int decoded = 0;
    long nanos = 0;
    long depths = 0;
    TokenStream stream = session.stream(Arrays.copyOf(text, promptTokens), options);
    try {
      stream.next();
      while (decoded < mostDecoded && (decoded == 0 || nanos < PART_NANOS)) {
        if (!stream.hasNext()) {
          stream = session.stream(NO_IDS, options);
        }
        long start = System.nanoTime();
        Token token = stream.next();
        nanos += System.nanoTime() - start;
        depths += token.depth();
        decoded++;
      }
    } finally {
      stream.close();
    }
    return new Part(decoded, (double) depths / decoded, decoded * 1e9 / Math.max(1, nanos));
  }

  /** Takes a prompt; a short one where decoding at {@code decodeRate} says that it would last. */
  private Part prefill(MorSession session, double decodeRate) {
    session.reset();
    double bearable = decodeRate * PART_NANOS / 1e9;
    int tokens = (int) Math.clamp(bearable, Math.min(8, text.length), text.length);
    int[] prompt = Arrays.copyOf(text, tokens);
    GenerationOptions options = GenerationOptions.greedy().withMaxNewTokens(1);
    long nanos;
    try (TokenStream stream = session.stream(prompt, options)) {
      long start = System.nanoTime();
      stream.next();
      nanos = System.nanoTime() - start;
    }
    long depths = Arrays.stream(session.depths(), 0, tokens).asLongStream().sum();
    return new Part(tokens, (double) depths / tokens, tokens * 1e9 / Math.max(1, nanos));
  }

  private int[] text(MorSession session, int length) {
    int start = model.textStartId();
    if (model.tokenizer().isEmpty() || start < 0) {
      int vocabulary = model.config().architecture().vocabulary();
      return new SplittableRandom(SEED).ints(length, 0, vocabulary).toArray();
    }
    GenerationOptions options =
        GenerationOptions.defaults()
            .withTemperature(1)
            .withTopP(1)
            .withSeed(SEED)
            .withMaxNewTokens(length);
    long began = System.nanoTime();
    try (TokenStream stream = session.stream(new int[] {start}, options)) {
      while (stream.hasNext() && System.nanoTime() - began < PART_NANOS) {
        stream.next();
      }
    }
    // A text that ended early is taken again from its beginning.
    int[] written = session.tokenIds();
    int[] text = new int[length];
    for (int i = 0; i < length; i++) {
      text[i] = written[i % written.length];
    }
    return text;
  }
}
