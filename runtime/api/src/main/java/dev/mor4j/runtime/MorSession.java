package dev.mor4j.runtime;

import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.text.GrowingText;
import dev.mor4j.runtime.text.codec.TooManyTokensException;
import java.lang.ref.Reference;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * One growing text and its KV caches. A generation goes on where the one before it ended; {@link
 * #reset()} begins a new text.
 *
 * <p>Not shared: any thread may use it, one at a time. A call while another one runs, or while a
 * stream is open, is an {@link IllegalStateException}, as is any call after {@link #close()}.
 * Borrows KV pages from its model and gives them back when it is closed.
 */
public final class MorSession implements AutoCloseable {
  /** No token's id: the thread was interrupted before one was computed. */
  static final int INTERRUPTED = -1;

  private final MorModel model;
  private final RoutingSettings settings;
  private final SequenceCaches caches;
  private final SessionResources resources;
  private final AtomicBoolean busy = new AtomicBoolean();

  /** The text so far; those of its tokens that were computed are in the caches. */
  private final GrowingText text;

  private TokenStream stream;
  private boolean broken;
  private volatile boolean closed;

  /**
   * For {@link MorModel#newSession}.
   *
   * @param use its place among the model's users; where this throws, the caller leaves it
   */
  MorSession(MorModel model, RoutingSettings settings, int contextLength, ModelResources.Use use) {
    this.model = model;
    this.settings = settings;
    this.text = new GrowingText(contextLength);
    this.caches = new SequenceCaches(model.kvPlan(), model.kvPools());
    this.resources = new SessionResources(model.resources(), use, caches);
    Forgotten.watch(this, resources);
  }

  /**
   * Generates text after {@code prompt} and returns when it has ended. When this thread is
   * interrupted, that is soon, with {@link FinishReason#CANCELLED} and what there is; the thread's
   * interrupt status stays set.
   *
   * @param onToken sees each token as it comes, on this thread; what it throws ends the generation
   *     and is passed on
   */
  public GenerationResult generate(
      String prompt, GenerationOptions options, Consumer<? super Token> onToken) {
    Objects.requireNonNull(onToken, "onToken");
    Objects.requireNonNull(options, "options");
    try (TokenStream tokens = stream(prompt, options)) {
      return tokens.readAll(onToken);
    }
  }

  /** Generates text after {@code prompt} and returns it when it has ended. */
  public GenerationResult generate(String prompt, GenerationOptions options) {
    return generate(prompt, options, token -> {});
  }

  /**
   * As {@link #generate(String, GenerationOptions, Consumer)}, with token ids that are taken as
   * they are.
   */
  public GenerationResult generate(
      int[] promptIds, GenerationOptions options, Consumer<? super Token> onToken) {
    Objects.requireNonNull(onToken, "onToken");
    try (TokenStream tokens = stream(promptIds, options)) {
      return tokens.readAll(onToken);
    }
  }

  /**
   * Generates text after {@code prompt} as the stream is read. Close the stream; that cancels what
   * is left.
   */
  public TokenStream stream(String prompt, GenerationOptions options) {
    Objects.requireNonNull(options, "options");
    return stream(promptTokens(prompt, options), options);
  }

  /** As {@link #stream(String, GenerationOptions)}, with token ids that are taken as they are. */
  public TokenStream stream(int[] promptIds, GenerationOptions options) {
    Objects.requireNonNull(promptIds, "promptIds");
    Objects.requireNonNull(options, "options");
    return stream(PromptTokens.of(promptIds), options);
  }

  private TokenStream stream(PromptTokens prompt, GenerationOptions options) {
    int[] promptIds = prompt.ids();
    model.checkIds(promptIds, promptIds.length);
    begin();
    try {
      int promptStart = text.length();
      if (promptStart + promptIds.length == 0) {
        throw new IllegalArgumentException(
            "the prompt is empty and the model has no token that begins a text");
      }
      if ((long) promptStart + promptIds.length > text.contextLength()) {
        throw new IllegalArgumentException(
            "the prompt has "
                + promptIds.length
                + " tokens after "
                + promptStart
                + " of the session, expected at most "
                + text.contextLength()
                + " in all");
      }
      if (text.due() == 0 && promptIds.length == 0) {
        throw new IllegalArgumentException(
            "the prompt is empty and the session's context of "
                + text.contextLength()
                + " is full");
      }
      model.checks().beforeRequest();
      text.append(promptIds);
      try {
        stream = new TokenStream(this, model, options, prompt);
      } catch (RuntimeException | Error e) {
        text.truncate(promptStart);
        throw e;
      }
      return stream;
    } finally {
      end();
    }
  }

  /** Forgets the text and gives the KV pages back, also after a computation that failed. */
  public void reset() {
    enter();
    try {
      requireNoStream();
      caches.close();
      text.clear();
      broken = false;
    } finally {
      end();
    }
  }

  /** The token ids of the text so far, prompts and generated. */
  public int[] tokenIds() {
    begin();
    try {
      return text.copyOfIds();
    } finally {
      end();
    }
  }

  /**
   * For each token of the text in how many recursions it took part; -1 for a last one that is not
   * computed yet.
   */
  public int[] depths() {
    begin();
    try {
      int[] known = Arrays.copyOf(text.depths(), text.length());
      Arrays.fill(known, text.computed(), known.length, -1);
      return known;
    } finally {
      end();
    }
  }

  /** What the KV caches hold now. */
  public KvStatistics kvStatistics() {
    requireOpen();
    return model.kvStatistics(text.computed(), caches);
  }

  /** The ids of a prompt, as many as the context still holds. */
  private PromptTokens promptTokens(String prompt, GenerationOptions options) {
    Objects.requireNonNull(prompt, "prompt");
    requireOpen();
    int before = text.length();
    int room = text.contextLength() - before;
    try {
      return model.promptIds(prompt, options, before == 0, room);
    } catch (TooManyTokensException e) {
      throw new IllegalArgumentException(
          "the prompt has more than the "
              + room
              + " tokens for which there is room after "
              + before
              + " of the session, expected at most "
              + text.contextLength()
              + " in all",
          e);
    }
  }

  /**
   * Computes all tokens that are not in the caches yet, in pieces, and chooses the next one.
   *
   * @param heedsInterrupts whether to stop before a piece when this thread is interrupted
   * @return the id of the next one, or {@link #INTERRUPTED}
   * @throws NonFiniteLogitsException when the model computed no usable logit
   */
  int computeNext(PassBuffers buffers, int pieceLength, Sampler sampler, boolean heedsInterrupts) {
    broken = true;
    while (!(heedsInterrupts && Thread.currentThread().isInterrupted())
        && text.due() > pieceLength) {
      compute(pieceLength, buffers);
    }
    if (heedsInterrupts && Thread.currentThread().isInterrupted()) {
      // Every piece that was begun is whole.
      broken = false;
      return INTERRUPTED;
    }
    int count = text.due();
    model
        .forward()
        .runAndChoose(
            text.ids(), text.computed(), count, caches, settings, buffers, text.depths(), sampler);
    text.advance(count);
    // Caches whose last pass has failed half way are no use; only a whole one makes them good
    // again.
    broken = false;
    return buffers.choices().token(0);
  }

  private void compute(int count, PassBuffers buffers) {
    model
        .forward()
        .run(text.ids(), text.computed(), count, caches, settings, buffers, text.depths());
    text.advance(count);
  }

  /** A step together with others: open and idle, with every token computed but those of it. */
  void beginStep(int id) {
    begin();
    if (!text.append(id)) {
      end();
      throw new IllegalArgumentException(
          "the session's context of " + text.contextLength() + " tokens is full");
    }
  }

  /** Checks that this session may step together with {@code other}, of {@code owner}. */
  void requireCompanion(MorModel owner, MorSession other) {
    if (model != owner) {
      throw new IllegalArgumentException("a session of another model");
    }
    if (!settings.equals(other.settings)) {
      throw new IllegalArgumentException(
          "sessions of different options: " + settings + " and " + other.settings);
    }
  }

  /**
   * A step has failed: the token is gone where nothing was computed, else the caches are no use.
   */
  void abandonStep() {
    if (!broken) {
      text.truncate(text.length() - 1);
    }
  }

  /** Computes the tokens before the last; inside a step. */
  void catchUp(PassBuffers buffers) {
    broken = true;
    while (text.due() > 1) {
      compute(Math.min(buffers.maxPassRows(), text.due() - 1), buffers);
    }
  }

  /** The last token was computed, in so many recursions. */
  void stepped(int depth) {
    text.depths()[text.length() - 1] = depth;
    text.advance(1);
    broken = false;
  }

  /** What a stream computes with; to be given back by {@link #giveBuffersBack}. */
  PassBuffers takeBuffers() {
    return resources.takeBuffers();
  }

  void giveBuffersBack() {
    resources.giveBuffersBack();
  }

  RoutingSettings settings() {
    return settings;
  }

  SequenceCaches caches() {
    return caches;
  }

  /** Makes room for {@code tokens} more tokens, as far as the context goes, one at a time. */
  void reserve(int tokens, PassBuffers buffers) {
    text.reserve(tokens);
    int more = Math.min(tokens, text.contextLength() - text.length());
    model.forward().reserve(text.computed(), text.due() + more, caches, buffers);
  }

  GrowingText text() {
    return text;
  }

  /** Begins a call of the session itself: open, not in use, no stream open. */
  private void begin() {
    enter();
    try {
      requireNoStream();
      if (broken) {
        throw new IllegalStateException(
            "a computation of this session has failed; reset() or close it");
      }
    } catch (IllegalStateException e) {
      end();
      throw e;
    }
  }

  private void requireNoStream() {
    if (stream != null) {
      throw new IllegalStateException(
          "a stream of this session is open; read it to its end or close it first");
    }
  }

  /** Begins any use; to be followed by {@link #end()}. */
  void enter() {
    if (!busy.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "the session is in use by another thread; sessions are not shared");
    }
    if (closed) {
      busy.set(false);
      throw new IllegalStateException("the session is closed");
    }
  }

  /** Ends a use; until here the session is reachable, and so nothing that it uses is given back. */
  void end() {
    try {
      busy.set(false);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  void streamEnded() {
    stream = null;
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the session is closed");
    }
  }

  /**
   * Ends an open stream and gives the KV pages back. May be called again.
   *
   * @throws IllegalStateException while another thread uses the session, which stays open then
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    enter();
    try {
      if (stream != null) {
        stream.release();
      }
      closed = true;
      resources.giveBack();
    } finally {
      end();
    }
  }

  /** How much of the context is used, and how the session routes. */
  @Override
  public String toString() {
    return "MorSession["
        + text.length()
        + " of "
        + text.contextLength()
        + " tokens, "
        + settings
        + " of "
        + model.folder()
        + (closed ? ", closed]" : "]");
  }
}
