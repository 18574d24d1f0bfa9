package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.text.TextAssembler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * The tokens of one generation, each computed when it is asked for. Closing it cancels what is
 * left; the session can be used again then. Belongs to its session: any thread, one at a time.
 *
 * <p>Read in one of two ways, which may be mixed. {@link #next()} gives a {@link Token} with its
 * text. {@link #nextId()} gives the id alone, with {@link #depth()}, {@link #position()} and {@link
 * #text()} for those who ask:
 *
 * <pre>{@code
 * while (stream.hasNext()) {
 *   int id = stream.nextId();
 *   int depth = stream.depth();
 * }
 * }</pre>
 *
 * <p>With native kernels {@code nextId()} allocates nothing on the heap from the second token to
 * the last but one: the first makes room for as many tokens as may come, the last makes the result.
 * Before that the JVM warms up: it loads classes, and after some hundred calls it compiles the
 * method handle of each native function, once. Two things remain. Where the generation's KV pages
 * take more than the 16 MiB that a pool keeps ready, it grows on the way, by a slab at a time with
 * some hundred bytes of objects. And stop strings are looked for in the text, which has to be made
 * for that.
 */
public final class TokenStream implements Iterator<Token>, AutoCloseable {
  private final MorSession session;
  private final MorModel model;
  private final GenerationOptions options;
  private final int[] endIds;
  private final int promptStart;
  private final int promptEnd;
  private final long seed;
  private final Sampler sampler;

  /** Null where the model has no tokenizer: all texts are empty then. */
  private final TextAssembler assembler;

  /** Tokens whose text is known; they lag behind those computed while nobody asks. */
  private final List<Token> tokens = new ArrayList<>();

  private final long startNanos = System.nanoTime();
  private long firstTokenNanos;
  private long lastTokenNanos;
  private int computed;
  private int lastId;
  private int lastDepth;
  private PassBuffers buffers;
  private FinishReason finishReason;
  private GenerationResult result;

  TokenStream(MorSession session, MorModel model, GenerationOptions options, int promptStart) {
    GenerationStart start =
        new GenerationStart(model, options, Arrays.copyOf(session.ids(), session.length()));
    this.session = session;
    this.model = model;
    this.options = options;
    this.endIds = model.endIds();
    this.promptStart = promptStart;
    this.promptEnd = session.length();
    this.seed = start.seed;
    this.assembler = start.assembler;
    this.buffers = model.buffers().take();
    try {
      this.sampler = start.sampler(buffers.sampling());
    } catch (RuntimeException | Error e) {
      model.buffers().giveBack(buffers);
      throw e;
    }
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
    return advance(true);
  }

  /**
   * As {@link #next()}, and gives the token's id alone. Its text is made when {@link #text()} or
   * {@link #result()} asks for it.
   */
  public int nextId() {
    advance(false);
    return lastId;
  }

  private Token advance(boolean withText) {
    requireNotEnded();
    session.enter();
    try {
      requireNotEnded();
      step();
      if (!withText) {
        return null;
      }
      assemble();
      return tokens.getLast();
    } catch (RuntimeException | Error e) {
      if (finishReason == null) {
        finish(FinishReason.CANCELLED);
      }
      throw e;
    } finally {
      session.end();
    }
  }

  private void requireNotEnded() {
    if (finishReason != null) {
      throw new NoSuchElementException("the generation has ended: " + finishReason);
    }
  }

  private void step() {
    int id = session.computeNext(buffers, buffers.maxPassRows(), sampler);
    if (computed == 0) {
      session.reserve(options.maxNewTokens(), buffers);
    }
    sampler.saw(id);
    int position = session.length();
    boolean full = position >= session.contextLength();
    if (!full) {
      session.append(id);
    }
    lastId = id;
    lastDepth = session.depth(position - 1);
    computed++;
    FinishReason reason = reasonToEnd(full);
    lastTokenNanos = System.nanoTime();
    if (computed == 1) {
      firstTokenNanos = lastTokenNanos;
    }
    if (reason != null) {
      finish(reason);
    }
  }

  /** Why the generation ends with the last token; null when it goes on. */
  private FinishReason reasonToEnd(boolean full) {
    if (!options.stop().isEmpty()) {
      assemble();
    }
    for (int end : endIds) {
      if (end == lastId) {
        return FinishReason.END_OF_TEXT;
      }
    }
    if (assembler != null && assembler.stopped()) {
      return FinishReason.STOP;
    }
    if (computed >= options.maxNewTokens()) {
      return FinishReason.LENGTH;
    }
    return full ? FinishReason.CONTEXT_FULL : null;
  }

  /** Makes the text of the tokens that lag behind; inside a use of the session. */
  private void assemble() {
    while (tokens.size() < computed) {
      int position = promptEnd + tokens.size();
      // The last token of a full context is not among the session's.
      int id = tokens.size() == computed - 1 ? lastId : session.ids()[position];
      String text = assembler == null ? "" : assembler.add(id);
      tokens.add(new Token(id, text, session.depth(position - 1), position));
    }
  }

  /** Gives the buffers back and lets the session go on; inside a use of the session. */
  private void finish(FinishReason reason) {
    finishReason = reason;
    model.buffers().giveBack(buffers);
    buffers = null;
    try {
      assemble();
      if (reason != FinishReason.CANCELLED && assembler != null) {
        Token last = tokens.removeLast();
        String text = last.text() + assembler.finish();
        tokens.add(new Token(last.id(), text, last.depth(), last.position()));
      }
      result = makeResult();
    } finally {
      session.streamEnded();
    }
  }

  private GenerationResult makeResult() {
    List<Integer> promptDepths = new ArrayList<>();
    KvStatistics kv = session.kvStatistics();
    for (int i = promptStart; i < Math.min(promptEnd, kv.tokens()); i++) {
      promptDepths.add(session.depth(i));
    }
    StringBuilder text = new StringBuilder();
    for (Token token : tokens) {
      text.append(token.text());
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
        kv);
  }

  /** In how many recursions the position that predicted the last token took part. */
  public int depth() {
    requireToken();
    return lastDepth;
  }

  /** The last token's place in the session. */
  public int position() {
    requireToken();
    return promptEnd + computed - 1;
  }

  /**
   * The last token's text, as {@link Token#text()} would give it. Texts of tokens that were not
   * asked for are not lost: {@link #result()} has them.
   *
   * @throws IllegalStateException when another thread uses the session
   */
  public String text() {
    requireToken();
    if (tokens.size() < computed) {
      session.enter();
      try {
        assemble();
      } finally {
        session.end();
      }
    }
    return tokens.getLast().text();
  }

  private void requireToken() {
    if (computed == 0) {
      throw new IllegalStateException("the stream has given no token yet");
    }
  }

  /**
   * What the generation gave, once it has ended or was closed; the same however it was read.
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
