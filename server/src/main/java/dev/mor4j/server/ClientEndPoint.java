package dev.mor4j.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadPendingException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * A client's connection. Adds to Jetty's what that leaves open:
 *
 * <ul>
 *   <li>All headers of a request have to be there within a time in all. An idle timeout would begin
 *       again with each byte, and a client that sends one a second would stay for ever.
 *   <li>While a request is handled nobody reads, so nobody would notice that the client has left.
 *       {@link #watch} reads then. What it finds besides the end, the beginning of a next request,
 *       it keeps for the HTTP layer.
 * </ul>
 *
 * <p>Any thread.
 */
final class ClientEndPoint extends SocketChannelEndPoint {
  private static final int EARLY_BYTES = 1024;

  private final Scheduler scheduler;
  private final Executor executor;
  private final Duration headerTimeout;

  private final Object lock = new Object();

  /** Requests whose headers have arrived. */
  private long requests;

  private Scheduler.Task headerTimer;

  /** Runs when the client has left; null while nobody watches. */
  private Runnable onGone;

  /** Whether our wish to read is registered; there can be one only. */
  private boolean interested;

  /** The HTTP layer's wish to read, which waits for ours to be answered. */
  private Callback waiting;

  /** What was read early, ready to be taken; null for nothing. */
  private ByteBuffer early;

  ClientEndPoint(
      SocketChannel channel,
      ManagedSelector selector,
      SelectionKey key,
      Scheduler scheduler,
      Executor executor,
      Duration headerTimeout) {
    super(channel, selector, key, scheduler);
    this.scheduler = scheduler;
    this.executor = executor;
    this.headerTimeout = headerTimeout;
  }

  @Override
  public void onOpen() {
    super.onOpen();
    synchronized (lock) {
      startHeaderTimer();
    }
  }

  @Override
  public void onClose(Throwable failure) {
    synchronized (lock) {
      stopHeaderTimer();
    }
    super.onClose(failure);
  }

  /** All headers of a request are there; returns its number. */
  long requestBegins() {
    synchronized (lock) {
      stopHeaderTimer();
      return ++requests;
    }
  }

  /** The request of that number is answered; the next one may come. */
  void requestEnds(long number) {
    synchronized (lock) {
      // A client may send its next request before the end of this one is told.
      if (requests == number) {
        startHeaderTimer();
      }
    }
  }

  private void startHeaderTimer() {
    stopHeaderTimer();
    if (isOpen()) {
      headerTimer = scheduler.schedule(this::close, headerTimeout);
    }
  }

  private void stopHeaderTimer() {
    if (headerTimer != null) {
      headerTimer.cancel();
      headerTimer = null;
    }
  }

  /**
   * Runs {@code action} once when the client closes its side of the connection, until {@link
   * #unwatch}. To be called when the body of the request has been read. A client that sends its
   * next request early is not watched any further.
   */
  void watch(Runnable action) {
    synchronized (lock) {
      onGone = action;
      if (!interested && early == null) {
        register();
      }
    }
    // Closed before it was registered, nothing would be told any more.
    if (!isOpen()) {
      answered(new IOException("closed"));
    }
  }

  /** Stops what {@link #watch} began. */
  void unwatch() {
    synchronized (lock) {
      onGone = null;
    }
  }

  private void register() {
    interested = true;
    super.fillInterested(Callback.from(() -> answered(null), this::answered));
  }

  /** There is something to read, or {@code failure}. */
  private void answered(Throwable failure) {
    Callback next;
    Runnable gone = null;
    synchronized (lock) {
      interested = false;
      next = waiting;
      waiting = null;
      if (next == null && onGone != null && (failure != null || hasLeft())) {
        gone = onGone;
        onGone = null;
      }
    }
    if (next != null && failure == null) {
      next.succeeded();
    } else if (next != null) {
      next.failed(failure);
    }
    if (gone != null) {
      gone.run();
    }
  }

  /** Reads; whether the client has left. Under the lock. */
  private boolean hasLeft() {
    ByteBuffer read = BufferUtil.allocate(EARLY_BYTES);
    try {
      int bytes = super.fill(read);
      if (bytes > 0) {
        early = read;
      } else if (bytes == 0) {
        register();
      }
      return bytes < 0;
    } catch (IOException e) {
      return true;
    }
  }

  @Override
  public int fill(ByteBuffer buffer) throws IOException {
    synchronized (lock) {
      if (early == null) {
        return super.fill(buffer);
      }
      int bytes = BufferUtil.append(buffer, early);
      if (!early.hasRemaining()) {
        early = null;
      }
      return bytes;
    }
  }

  @Override
  public void fillInterested(Callback callback) {
    if (!tryFillInterested(callback)) {
      throw new ReadPendingException();
    }
  }

  @Override
  public boolean tryFillInterested(Callback callback) {
    synchronized (lock) {
      if (interested) {
        if (waiting != null) {
          return false;
        }
        waiting = callback;
        return true;
      }
      if (early != null) {
        executor.execute(callback::succeeded);
        return true;
      }
    }
    return super.tryFillInterested(callback);
  }

  @Override
  public boolean isFillInterested() {
    synchronized (lock) {
      return waiting != null || (!interested && super.isFillInterested());
    }
  }
}
