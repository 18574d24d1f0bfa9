package dev.mor4j.runtime;

import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.text.GeneratedText;
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
 * <p>It can stand in a for-each loop, once. A reader that is interrupted cancels it.
 *
 * <p>Tokens that nobody has read yet are kept, so a slow reader holds nobody up.
 */
@SuppressWarnings("IterableAndIterator") // read once either way, and a second loop is refused
public final class Generation implements Iterator<Token>, Iterable<Token>, AutoCloseable {
  private final long id;
  private final Runnable canceller;

  /**
   * Its texts are guarded by {@link #textLock}, the rest by {@link #lock}. Where stop strings are
   * looked for, the engine's thread makes the texts, else the reader's.
   */
  private final GeneratedText generated;

  private final CompletableFuture<GenerationResult> result = new CompletableFuture<>();

  /** Held while text is made; taken before {@link #lock}. */
  private final ReentrantLock textLock = new ReentrantLock();

  /** Guards what follows; held for moments only. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Condition changed = lock.newCondition();
  private Throwable failure;
  private RequestReport report;

  /** The reader's alone, as is {@link #isRead}. */
  private int consumed;

  private boolean isRead;

  /**
   * @param canceller asks the engine to end this
   * @param generated without tokens
   */
  Generation(long id, Runnable canceller, GeneratedText generated) {
    this.id = id;
    this.canceller = canceller;
    this.generated = generated;
  }

  /** Its number in the engine, from 1. */
  public long id() {
    return id;
  }

  /**
   * Waits until another token is there or the generation has ended; whether there is one.
   *
   * @throws CancellationException when this thread is interrupted before the generation has ended:
   *     that cancels the generation; the interrupt status stays set
   * @throws IllegalStateException when it has ended by an error, which is the cause
   */
  @Override
  public boolean hasNext() {
    lock.lock();
    try {
      if (goesOn() && Thread.currentThread().isInterrupted()) {
        throw interrupted(null);
      }
      while (consumed == generated.count() && goesOn()) {
        changed.await();
      }
      if (consumed == generated.count() && failure != null) {
        throw new IllegalStateException("the generation has failed: " + failure, failure);
      }
      return consumed < generated.count();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(e);
    } finally {
      lock.unlock();
    }
  }

  private boolean goesOn() {
    return generated.reason() == null && failure == null;
  }

  /** Cancels, because nobody reads on. */
  private CancellationException interrupted(InterruptedException cause) {
    cancel();
    CancellationException interrupted =
        new CancellationException(
            "the generation was cancelled, because its reader was interrupted");
    interrupted.initCause(cause);
    return interrupted;
  }

  /**
   * For a for-each loop over what is left: this generation itself, once.
   *
   * @throws IllegalStateException when it was called before
   */
  @Override
  public Iterator<Token> iterator() {
    if (isRead) {
      throw new IllegalStateException(
          "the generation is being read already: its tokens come once; result() keeps them");
    }
    isRead = true;
    return this;
  }

  /**
   * Waits for the next token.
   *
   * @throws CancellationException when this thread is interrupted, as {@link #hasNext()}
   * @throws NoSuchElementException when the generation has ended
   * @throws IllegalStateException when it has ended by an error, which is the cause
   */
  @Override
  public Token next() {
    if (!hasNext()) {
      throw new NoSuchElementException("the generation has ended: " + reason());
    }
    return token(consumed++);
  }

  /**
   * The result, when the generation ends: completed normally for every {@link FinishReason},
   * cancelled and late ones too, and exceptionally when the model computed no usable logits, with a
   * {@link DeviceException} when a GPU failed or had no room, and with whatever else was thrown in
   * the engine, an {@link OutOfMemoryError} for one. {@link #report()} is there before it
   * completes. Completing or cancelling the future changes nothing about the generation.
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

  /** Why it has ended; null while it goes on and where it has failed. */
  FinishReason reason() {
    lock.lock();
    try {
      return generated.reason();
    } finally {
      lock.unlock();
    }
  }

  /** Token {@code index}, which was produced, with its text. */
  private Token token(int index) {
    textLock.lock();
    try {
      makeTexts(index);
      lock.lock();
      try {
        return Token.of(generated, index);
      } finally {
        lock.unlock();
      }
    } finally {
      textLock.unlock();
    }
  }

  /** Makes the texts up to that of token {@code index}; with {@link #textLock}. */
  private void makeTexts(int index) {
    while (generated.textCount() <= index) {
      int at = generated.textCount();
      int tokenId;
      boolean completes;
      lock.lock();
      try {
        tokenId = generated.id(at);
        completes = generated.completes(at);
      } finally {
        lock.unlock();
      }
      // Outside the lock: the engine's thread does not wait for a text to be made.
      generated.makeText(tokenId, completes);
    }
  }

  /**
   * Another token; on the engine's thread.
   *
   * @param contextIsFull whether it had no room in the context
   * @return why the text ends with it, or null
   */
  FinishReason produce(int tokenId, int depth, int position, boolean contextIsFull) {
    boolean makesText = generated.looksForStops();
    if (makesText) {
      textLock.lock();
    }
    lock.lock();
    try {
      FinishReason ends = generated.add(tokenId, depth, position, contextIsFull);
      changed.signalAll();
      return ends;
    } finally {
      lock.unlock();
      if (makesText) {
        textLock.unlock();
      }
    }
  }

  /** It has ended; on the engine's thread. The result follows by {@link #complete}. */
  void end(FinishReason why, RequestReport how) {
    lock.lock();
    try {
      generated.end(why);
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
    textLock.lock();
    lock.lock();
    try {
      generated.makeTexts();
      return Token.allOf(generated);
    } finally {
      lock.unlock();
      textLock.unlock();
    }
  }

  /**
   * Gives those who wait for it the result, once it has ended, or the failure where {@code why} is
   * one. Does so, however short memory is: then it tries until there is some.
   */
  void complete(GenerationResult value, Throwable why) {
    while (!result.isDone()) {
      try {
        if (why == null) {
          result.complete(value);
        } else {
          result.completeExceptionally(why);
        }
      } catch (OutOfMemoryError e) {
        Thread.onSpinWait();
      }
    }
  }

  /** Its number, how many tokens it has given, and why it has ended. */
  @Override
  public String toString() {
    lock.lock();
    try {
      return "Generation["
          + id
          + ", "
          + generated.count()
          + " tokens, "
          + (failure != null
              ? "failed: " + failure
              : goesOn() ? "goes on" : "ended by " + generated.reason())
          + "]";
    } finally {
      lock.unlock();
    }
  }
}
