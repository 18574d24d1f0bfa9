package dev.mor4j.runtime;

import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.Sampler;
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
  private final MorModel model;
  private final RoutingSettings settings;
  private final int contextLength;
  private final SequenceCaches caches;
  private final AtomicBoolean busy = new AtomicBoolean();

  /** The text so far; the first {@link #computed} tokens are in the caches. */
  private int[] ids = new int[64];

  private int[] depths = new int[64];
  private int length;
  private int computed;
  private TokenStream stream;
  private boolean broken;
  private volatile boolean closed;

  MorSession(MorModel model, RoutingSettings settings, int contextLength) {
    this.model = model;
    this.settings = settings;
    this.contextLength = contextLength;
    this.caches = new SequenceCaches(model.kvPlan(), model.kvPools());
  }

  /**
   * Generates text after {@code prompt} and returns when it has ended.
   *
   * @param onToken sees each token as it comes, on this thread; what it throws ends the generation
   *     and is passed on
   */
  public GenerationResult generate(
      String prompt, GenerationOptions options, Consumer<? super Token> onToken) {
    return generate(promptIds(prompt), options, onToken);
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
      while (tokens.hasNext()) {
        onToken.accept(tokens.next());
      }
      return tokens.result();
    }
  }

  /**
   * Generates text after {@code prompt} as the stream is read. Close the stream; that cancels what
   * is left.
   */
  public TokenStream stream(String prompt, GenerationOptions options) {
    return stream(promptIds(prompt), options);
  }

  /** As {@link #stream(String, GenerationOptions)}, with token ids that are taken as they are. */
  public TokenStream stream(int[] promptIds, GenerationOptions options) {
    Objects.requireNonNull(options, "options");
    model.checkIds(promptIds, promptIds.length);
    begin();
    try {
      if (length + promptIds.length == 0) {
        throw new IllegalArgumentException(
            "the prompt is empty and the model has no token that begins a text");
      }
      if ((long) length + promptIds.length > contextLength) {
        throw new IllegalArgumentException(
            "the prompt has "
                + promptIds.length
                + " tokens after "
                + length
                + " of the session, expected at most "
                + contextLength
                + " in all");
      }
      if (computed == length && promptIds.length == 0) {
        throw new IllegalArgumentException(
            "the prompt is empty and the session's context of " + contextLength + " is full");
      }
      int promptStart = length;
      for (int id : promptIds) {
        append(id);
      }
      try {
        stream = new TokenStream(this, model, options, promptStart);
      } catch (RuntimeException | Error e) {
        length = promptStart;
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
      length = 0;
      computed = 0;
      broken = false;
    } finally {
      end();
    }
  }

  /** The token ids of the text so far, prompts and generated. */
  public int[] tokenIds() {
    begin();
    try {
      return Arrays.copyOf(ids, length);
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
      int[] known = Arrays.copyOf(depths, length);
      Arrays.fill(known, computed, length, -1);
      return known;
    } finally {
      end();
    }
  }

  /** What the KV caches hold now. */
  public KvStatistics kvStatistics() {
    requireOpen();
    return model.kvStatistics(computed, caches);
  }

  /** The ids of a prompt; at the beginning of a text, with the model's first token before it. */
  private int[] promptIds(String prompt) {
    Objects.requireNonNull(prompt, "prompt");
    requireOpen();
    return model.promptIds(prompt, length == 0);
  }

  void append(int id) {
    if (length == ids.length) {
      ids = Arrays.copyOf(ids, 2 * ids.length);
      depths = Arrays.copyOf(depths, 2 * depths.length);
    }
    ids[length++] = id;
  }

  /**
   * Computes all tokens that are not in the caches yet, in pieces, and chooses the next one.
   *
   * @throws ArithmeticException when the model computed no usable logit
   */
  int computeNext(PassBuffers buffers, int pieceLength, Sampler sampler) {
    broken = true;
    while (length - computed > pieceLength) {
      model.forward().run(ids, computed, pieceLength, caches, settings, buffers, depths);
      computed += pieceLength;
    }
    int count = length - computed;
    model.forward().runAndChoose(ids, computed, count, caches, settings, buffers, depths, sampler);
    computed += count;
    // Caches whose last pass has failed half way are no use; only a whole one makes them good
    // again.
    broken = false;
    return buffers.choices().token(0);
  }

  /** A step together with others: open and idle, with every token computed but those of it. */
  void beginStep(int id) {
    begin();
    if (length >= contextLength) {
      end();
      throw new IllegalArgumentException(
          "the session's context of " + contextLength + " tokens is full");
    }
    append(id);
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
      length--;
    }
  }

  /** Computes the tokens before the last; inside a step. */
  void catchUp(PassBuffers buffers) {
    broken = true;
    while (computed < length - 1) {
      int count = Math.min(buffers.maxPassRows(), length - 1 - computed);
      model.forward().run(ids, computed, count, caches, settings, buffers, depths);
      computed += count;
    }
  }

  /** The last token was computed, in so many recursions. */
  void stepped(int depth) {
    depths[length - 1] = depth;
    computed = length;
    broken = false;
  }

  RoutingSettings settings() {
    return settings;
  }

  SequenceCaches caches() {
    return caches;
  }

  /** Makes room for {@code tokens} more tokens, as far as the context goes, one at a time. */
  void reserve(int tokens, PassBuffers buffers) {
    int more = Math.min(tokens, contextLength - length);
    if (length + more > ids.length) {
      ids = Arrays.copyOf(ids, length + more);
      depths = Arrays.copyOf(depths, length + more);
    }
    model.forward().reserve(computed, length - computed + more, caches, buffers);
  }

  int length() {
    return length;
  }

  int contextLength() {
    return contextLength;
  }

  int[] ids() {
    return ids;
  }

  int depth(int position) {
    return depths[position];
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

  void end() {
    busy.set(false);
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
      caches.close();
      model.leave();
    } finally {
      end();
    }
  }
}
