package dev.mor4j.runtime;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.text.TextAssembler;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The tokens of one generation, each computed when it is asked for. Closing it cancels what is
 * left; the session can be used again then. Belongs to its session: any thread, one at a time.
 */
public final class TokenStream implements Iterator<Token>, AutoCloseable {
  private final MorSession session;
  private final MorModel model;
  private final GenerationOptions options;
  private final int promptStart;
  private final int promptEnd;
  private final long seed;
  private final Sampler sampler;
  private final TextAssembler assembler;
  private final float[] logits;
  private final List<Token> tokens = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private final long startNanos = System.nanoTime();
  private long firstTokenNanos;
  private long lastTokenNanos;
  private PassBuffers buffers;
  private FinishReason finishReason;
  private GenerationResult result;

  TokenStream(MorSession session, MorModel model, GenerationOptions options, int promptStart) {
    ArchitectureConfig sizes = model.config().architecture();
    this.session = session;
    this.model = model;
    this.options = options;
    this.promptStart = promptStart;
    this.promptEnd = session.length();
    this.seed = options.seed().orElseGet(() -> ThreadLocalRandom.current().nextLong());
    this.sampler =
        new Sampler(
            sizes.vocabulary(),
            options.temperature(),
            options.topK(),
            options.topP(),
            options.minP(),
            options.repetitionPenalty(),
            seed);
    int[] context = new int[promptEnd];
    System.arraycopy(session.ids(), 0, context, 0, promptEnd);
    for (int id : context) {
      sampler.saw(id);
    }
    Optional<Tokenizer> tokenizer = model.tokenizer();
    if (!options.stop().isEmpty() && tokenizer.isEmpty()) {
      throw new IllegalArgumentException("stop strings need a tokenizer, which the model has not");
    }
    this.assembler =
        new TextAssembler(
            tokenizer.isPresent() ? tokenizer.get()::decode : (ids, from, to) -> "",
            context,
            options.stop());
    this.logits = new float[sizes.vocabulary()];
    this.buffers = model.buffers().take();
  }

  /** Whether another token will come. Computes nothing. */
  @Override
  public boolean hasNext() {
    return finishReason == null;
  }

  /**
   * Computes the next token. The first call takes the prompt through the model.
   *
   * @throws NoSuchElementException when the generation has ended
   * @throws IllegalStateException when another thread uses the session
   * @throws ArithmeticException when the model computes no usable logit
   */
  @Override
  public Token next() {
    if (finishReason != null) {
      throw new NoSuchElementException("the generation has ended: " + finishReason);
    }
    session.enter();
    try {
      if (finishReason != null) {
        throw new NoSuchElementException("the generation has ended: " + finishReason);
      }
      return step();
    } catch (RuntimeException | Error e) {
      if (finishReason == null) {
        finish(FinishReason.CANCELLED);
      }
      throw e;
    } finally {
      session.end();
    }
  }

  private Token step() {
    session.compute(buffers, buffers.maxPassRows(), logits);
    int depth = session.depth(session.length() - 1);
    int id = sampler.next(logits);
    sampler.saw(id);
    String piece = assembler.add(id);
    int position = session.length();
    boolean full = position >= session.contextLength();
    if (!full) {
      session.append(id);
    }
    FinishReason reason = null;
    if (model.config().architecture().eosTokenIds().contains(id)) {
      reason = FinishReason.END_OF_TEXT;
    } else if (assembler.stopped()) {
      reason = FinishReason.STOP;
    } else if (tokens.size() + 1 >= options.maxNewTokens()) {
      reason = FinishReason.LENGTH;
    } else if (full) {
      reason = FinishReason.CONTEXT_FULL;
    }
    if (reason != null) {
      piece += assembler.finish();
    }
    Token token = new Token(id, piece, depth, position);
    tokens.add(token);
    text.append(piece);
    lastTokenNanos = System.nanoTime();
    if (tokens.size() == 1) {
      firstTokenNanos = lastTokenNanos;
    }
    if (reason != null) {
      finish(reason);
    }
    return token;
  }

  /** Gives the buffers back and lets the session go on; inside a use of the session. */
  private void finish(FinishReason reason) {
    finishReason = reason;
    model.buffers().giveBack(buffers);
    buffers = null;
    result = makeResult();
    session.streamEnded();
  }

  private GenerationResult makeResult() {
    List<Integer> promptDepths = new ArrayList<>();
    int computed = session.kvStatistics().tokens();
    for (int i = promptStart; i < Math.min(promptEnd, computed); i++) {
      promptDepths.add(session.depth(i));
    }
    return new GenerationResult(
        text.toString(),
        tokens,
        finishReason,
        promptEnd - promptStart,
        promptDepths,
        seed,
        tokens.isEmpty() ? 0 : firstTokenNanos - startNanos,
        tokens.isEmpty() ? 0 : lastTokenNanos - firstTokenNanos,
        session.kvStatistics());
  }

  /**
   * What the generation gave, once it has ended or was closed.
   *
   * @throws IllegalStateException while it goes on
   */
  public GenerationResult result() {
    if (result == null) {
      throw new IllegalStateException("the generation has not ended; read the stream or close it");
    }
    return result;
  }

  /** Ends the generation if it has not ended; inside a use of the session. */
  void release() {
    if (finishReason == null) {
      finish(FinishReason.CANCELLED);
    }
  }

  /**
   * Cancels what is left. May be called again.
   *
   * @throws IllegalStateException while another thread computes the next token
   */
  @Override
  public void close() {
    if (finishReason != null) {
      return;
    }
    session.enter();
    try {
      release();
    } finally {
      session.end();
    }
  }
}
