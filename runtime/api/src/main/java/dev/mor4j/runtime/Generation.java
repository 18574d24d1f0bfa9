package dev.mor4j.runtime;

import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.text.TextAssembler;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A request that an engine has taken in: its tokens as they come, and its result. Ends exactly
 * once. Any number of threads may wait for {@link #result()}; one at a time reads the tokens.
 *
 * <p>Tokens that nobody has read yet are kept, so a slow reader holds nobody up.
 */
public final class Generation implements Iterator<Token>, AutoCloseable {
  private final long id;
  private final Runnable canceller;

  /** Null where the model has no tokenizer: all texts are empty then. */
  private final TextAssembler assembler;

  /**
   * Stop strings are looked for in the text, so it is made as tokens come; else when somebody reads
   * it, on the reader's thread.
   */
  private final boolean textAtOnce;

  private final CompletableFuture<GenerationResult> result = new CompletableFuture<>();

  /** Held while text is made; taken before {@link #lock}. */
  private final ReentrantLock textLock = new ReentrantLock();

  /** Guards what follows; held for moments only. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition changed = lock.newCondition();
  private final List<Token> tokens = new ArrayList<>();
  private int[] ids = new int[16];
  private int[] depths = new int[16];
  private int firstPosition;
  private int produced;
  private FinishReason reason;
  private Throwable failure;
  private RequestReport report;

  /** The reader's alone. */
  private int consumed;

  /**
   * @param canceller asks the engine to end this
   * @param assembler null without a tokenizer
   */
  Generation(long id, Runnable canceller, TextAssembler assembler, boolean textAtOnce) {
    this.id = id;
    this.canceller = canceller;
    this.assembler = assembler;
    this.textAtOnce = textAtOnce;
  }

  /** Its number in the engine, from 1. */
  public long id() {
    return id;
  }

  /**
   * Waits until another token is there or the generation has ended; whether there is one.
   *
   * @throws CancellationException when the waiting thread is interrupted; its interrupt status
   *     stays set
   * @throws IllegalStateException when it has ended by an error, which is the cause
   */
  @Override
  public boolean hasNext() {
    lock.lock();
    try {
      while (consumed == produced && reason == null && failure == null) {
        changed.await();
      }
      if (consumed == produced && failure != null) {
        throw new IllegalStateException("the generation has failed: " + failure, failure);
      }
      return consumed < produced;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      CancellationException interrupted =
          new CancellationException("interrupted while waiting for a token");
      interrupted.initCause(e);
      throw interrupted;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for the next token.
   *
   * @throws NoSuchElementException when the generation has ended
   * @throws IllegalStateException when it has ended by an error, which is the cause
   */
  @Override
  public Token next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the generation has ended: " + reason);
    }
    return token(consumed++);
  }

  /**
   * The result, when the generation ends: completed normally for every {@link FinishReason},
   * cancelled and late ones too, and exceptionally when the model computed no usable logits or,
   * with a {@link DeviceException}, when a GPU failed or had no room. {@link #report()} is there
   * before it completes. Completing or cancelling the future changes nothing about the generation.
   */
  public CompletableFuture<GenerationResult> result() {
    return result.copy();
  }

  /**
   * How the engine treated it.
   *
   * @throws IllegalStateException while it goes on
   */
  public RequestReport report() {
    lock.lock();
    try {
      if (report == null) {
        throw new IllegalStateException("the generation has not ended");
      }
      return report;
    } finally {
      lock.unlock();
    }
  }

  /** Asks the engine to end it with {@link FinishReason#CANCELLED}, at the next step. */
  public void cancel() {
    canceller.run();
  }

  /** As {@link #cancel()}; nothing where it has ended. */
  @Override
  public void close() {
    cancel();
  }

  /** Token {@code index}, which was produced, with its text. */
  private Token token(int index) {
    textLock.lock();
    try {
      while (true) {
        int at;
        int id;
        boolean last;
        lock.lock();
        try {
          at = tokens.size();
          if (at > index) {
            return tokens.get(index);
          }
          id = ids[at];
          last = at == produced - 1 && endsText(reason);
        } finally {
          lock.unlock();
        }
        // Outside the lock: the engine's thread does not wait for a text to be made.
        String text = assembler == null ? "" : assembler.add(id);
        if (last && assembler != null) {
          text += assembler.finish();
        }
        lock.lock();
        try {
          tokens.add(new Token(id, text, depths[at], firstPosition + at));
        } finally {
          lock.unlock();
        }
      }
    } finally {
      textLock.unlock();
    }
  }

  /** Whether a text that ends so is complete: what was held back of it belongs to it. */
  private static boolean endsText(FinishReason reason) {
    return reason != null && reason != FinishReason.CANCELLED && reason != FinishReason.DEADLINE;
  }

  /**
   * Another token; on the engine's thread.
   *
   * @param candidate why the text ends with it, or null
   * @return why it does end with it, or null
   */
  FinishReason produce(int id, int depth, int position, FinishReason candidate) {
    String text = null;
    FinishReason ends = candidate;
    if (textAtOnce) {
      text = assembler.add(id);
      if (assembler.stopped() && candidate != FinishReason.END_OF_TEXT) {
        ends = FinishReason.STOP;
      }
      text = ends == null ? text : text + assembler.finish();
    }
    lock.lock();
    try {
      if (produced == ids.length) {
        ids = Arrays.copyOf(ids, 2 * produced);
        depths = Arrays.copyOf(depths, 2 * produced);
      }
      firstPosition = produced == 0 ? position : firstPosition;
      ids[produced] = id;
      depths[produced++] = depth;
      if (text != null) {
        tokens.add(new Token(id, text, depth, position));
      }
      reason = ends;
      changed.signalAll();
      return ends;
    } finally {
      lock.unlock();
    }
  }

  /** It has ended; on the engine's thread. The result follows by {@link #complete}. */
  void end(FinishReason why, RequestReport how) {
    lock.lock();
    try {
      reason = why;
      report = how;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** It has failed; on the engine's thread. */
  void fail(Throwable why, RequestReport how) {
    lock.lock();
    try {
      failure = why;
      report = how;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** All tokens with their texts; once it has ended. */
  List<Token> allTokens() {
    if (produced > 0) {
      token(produced - 1);
    }
    return tokens;
  }

  /** Gives the result to those who wait for it; once it has ended. */
  void complete(GenerationResult value) {
    result.complete(value);
  }

  /** Gives the failure to those who wait for the result. */
  void completeExceptionally(Throwable why) {
    result.completeExceptionally(why);
  }
}
