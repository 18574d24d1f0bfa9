package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.text.GeneratedText;
import dev.mor4j.runtime.text.GrowingText;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Consumer;

/**
 * The tokens of one generation, each computed when it is asked for. Closing it cancels what is
 * left; the session can be used again then. Belongs to its session: any thread, one at a time. It
 * pays no heed to interrupts: whoever reads it decides when to close it.
 *
 * <p>Read in one of two ways, which may be mixed. {@link #next()} gives a {@link Token} with its
 * text, and so does a for-each loop. {@link #nextId()} gives the id alone, with {@link #depth()},
 * {@link #position()} and {@link #text()} for those who ask:
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
@SuppressWarnings("IterableAndIterator") // read once either way, and a second loop is refused
public final class TokenStream implements Iterator<Token>, Iterable<Token>, AutoCloseable {
  private final MorSession session;
  private final GenerationOptions options;
  private final int promptStart;
  private final int promptEnd;
  private final List<String> promptWarnings;
  private final long seed;
  private final Sampler sampler;

  /** Its texts lag behind the tokens while nobody asks for them. */
  private final GeneratedText generated;

  private final long startNanos = System.nanoTime();
  private long firstTokenNanos;
  private long lastTokenNanos;
  private PassBuffers buffers;
  private boolean isRead;
  private GenerationResult result;

  /** Goes on from the session's text, of which the last tokens are {@code prompt}. */
  TokenStream(MorSession session, MorModel model, GenerationOptions options, PromptTokens prompt) {
    GenerationStart start = new GenerationStart(model, options, session.text().copyOfIds());
    this.session = session;
    this.options = options;
    this.promptEnd = session.text().length();
    this.promptStart = promptEnd - prompt.ids().length;
    this.promptWarnings = prompt.warnings();
    this.seed = start.seed;
    this.generated = start.text;
    this.buffers = session.takeBuffers();
    try {
      this.sampler = start.sampler(buffers.sampling());
    } catch (RuntimeException | Error e) {
      session.giveBuffersBack();
      throw e;
    }
  }

  /** Whether another token will come. Computes nothing. */
  @Override
  public boolean hasNext() {
    return generated.reason() == null;
  }

  /**
   * Computes the next token. The first call takes the prompt through the model.
   *
   * @throws NoSuchElementException when the generation has ended
   * @throws IllegalStateException when another thread uses the session
   * @throws NonFiniteLogitsException when the model computes no usable logit
   */
  @Override
  public Token next() {
    advance(false, true);
    return Token.of(generated, generated.count() - 1);
  }

  /**
   * For a for-each loop over what is left: this stream itself, once.
   *
   * @throws IllegalStateException when it was called before
   */
  @Override
  public Iterator<Token> iterator() {
    if (isRead) {
      throw new IllegalStateException(
          "the stream is being read already: its tokens come once; result() keeps them");
    }
    isRead = true;
    return this;
  }

  /**
   * Reads what is left. Ends with {@link FinishReason#CANCELLED} where this thread is interrupted.
   */
  GenerationResult readAll(Consumer<? super Token> onToken) {
    while (hasNext() && advance(true, true)) {
      onToken.accept(Token.of(generated, generated.count() - 1));
    }
    return result();
  }

  /**
   * As {@link #next()}, and gives the token's id alone. Its text is made when {@link #text()} or
   * {@link #result()} asks for it.
   */
  public int nextId() {
    advance(false, false);
    return generated.id(generated.count() - 1);
  }

  /**
   * Computes a token, unless {@code heedsInterrupts} and this thread is interrupted: that cancels
   * the generation.
   *
   * @return whether there is another token
   */
  private boolean advance(boolean heedsInterrupts, boolean withText) {
    requireNotEnded();
    session.enter();
    try {
      requireNotEnded();
      int before = generated.count();
      step(heedsInterrupts);
      if (withText) {
        generated.makeTexts();
      }
      return generated.count() > before;
    } catch (RuntimeException | Error e) {
      release();
      throw e;
    } finally {
      session.end();
    }
  }

  private void requireNotEnded() {
    if (!hasNext()) {
      throw new NoSuchElementException("the generation has ended: " + generated.reason());
    }
  }

  private void step(boolean heedsInterrupts) {
    int id = session.computeNext(buffers, buffers.maxPassRows(), sampler, heedsInterrupts);
    if (id == MorSession.INTERRUPTED) {
      release();
      return;
    }
    GrowingText text = session.text();
    if (generated.count() == 0) {
      session.reserve(options.maxNewTokens(), buffers);
      generated.reserve(text.contextLength() - text.length() + 1);
    }
    sampler.saw(id);
    int position = text.length();
    boolean full = !text.append(id);
    FinishReason reason = generated.add(id, text.depth(position - 1), position, full);
    lastTokenNanos = System.nanoTime();
    if (generated.count() == 1) {
      firstTokenNanos = lastTokenNanos;
    }
    if (reason != null) {
      finish();
    }
  }

  /** Gives the buffers back and lets the session go on; inside a use of the session. */
  private void finish() {
    session.giveBuffersBack();
    buffers = null;
    try {
      generated.makeTexts();
      result = makeResult();
    } finally {
      session.streamEnded();
    }
  }

  private GenerationResult makeResult() {
    List<Integer> promptDepths = new ArrayList<>();
    KvStatistics kv = session.kvStatistics();
    for (int i = promptStart; i < Math.min(promptEnd, kv.tokens()); i++) {
      promptDepths.add(session.text().depth(i));
    }
    boolean isEmpty = generated.count() == 0;
    return new GenerationResult(
        Token.allOf(generated),
        generated.reason(),
        new GenerationResult.PromptFacts(promptEnd - promptStart, promptDepths, promptWarnings),
        seed,
        isEmpty
            ? new GenerationResult.Times(0, 0)
            : new GenerationResult.Times(
                firstTokenNanos - startNanos, lastTokenNanos - firstTokenNanos),
        kv);
  }

  /** In how many recursions the position that predicted the last token took part. */
  public int depth() {
    requireToken();
    return generated.depth(generated.count() - 1);
  }

  /** The last token's place in the session. */
  public int position() {
    requireToken();
    return generated.position(generated.count() - 1);
  }

  /**
   * The last token's text, as {@link Token#text()} would give it. Texts of tokens that were not
   * asked for are not lost: {@link #result()} has them.
   *
   * @throws IllegalStateException when another thread uses the session
   */
  public String text() {
    requireToken();
    if (generated.textCount() < generated.count()) {
      session.enter();
      try {
        generated.makeTexts();
      } finally {
        session.end();
      }
    }
    return generated.text(generated.count() - 1);
  }

  private void requireToken() {
    if (generated.count() == 0) {
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
    if (hasNext()) {
      generated.end(FinishReason.CANCELLED);
      finish();
    }
  }

  /**
   * Cancels what is left. May be called again.
   *
   * @throws IllegalStateException while another thread computes the next token
   */
  @Override
  public void close() {
    if (!hasNext()) {
      return;
    }
    session.enter();
    try {
      release();
    } finally {
      session.end();
    }
  }

  /** How many tokens it has given, and why it has ended. */
  @Override
  public String toString() {
    return "TokenStream["
        + generated.count()
        + " tokens after a prompt of "
        + (promptEnd - promptStart)
        + (hasNext() ? ", goes on]" : ", ended by " + generated.reason() + "]");
  }
}
