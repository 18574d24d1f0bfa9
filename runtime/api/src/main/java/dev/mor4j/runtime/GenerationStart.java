package dev.mor4j.runtime;

import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import dev.mor4j.runtime.text.GeneratedText;
import dev.mor4j.runtime.text.TextAssembler;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What every generation begins with, of a session or of an engine: the seed of its choices, who
 * makes them, and what becomes of them.
 */
final class GenerationStart {
  private final MorModel model;
  private final GenerationOptions options;

  /** The tokens that the generation goes on from. */
  private final int[] context;

  /** The seed asked for, else one of its own. */
  final long seed;

  /** What the generation gives; nothing yet. */
  final GeneratedText text;

  /**
   * @throws IllegalArgumentException when stop strings are given and the model has no tokenizer
   */
  GenerationStart(MorModel model, GenerationOptions options, int[] context) {
    Optional<Tokenizer> tokenizer = model.tokenizer();
    if (!options.stop().isEmpty() && tokenizer.isEmpty()) {
      throw new IllegalArgumentException("stop strings need a tokenizer, which the model has not");
    }
    this.model = model;
    this.options = options;
    this.context = context;
    this.seed = options.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong());
    TextAssembler assembler =
        tokenizer.map(known -> known.assembler(context, options.stop())).orElse(null);
    this.text = new GeneratedText(model.endIds(), options.maxNewTokens(), assembler);
  }

  /** Who chooses the tokens; has seen those of the context. Borrows {@code buffers}. */
  Sampler sampler(SamplingBuffers buffers) {
    Sampler sampler =
        new Sampler(
                model.config().architecture().vocabulary(),
                options.temperature(),
                options.topK(),
                options.topP(),
                options.minP(),
                options.repetitionPenalty(),
                seed,
                buffers)
            .forModel(model.folder().toString());
    for (int id : context) {
      sampler.saw(id);
    }
    return sampler;
  }
}
