package dev.mor4j.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadPendingException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
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
  /** What is read of a next request while one is handled; the rest waits at the client. */
  private static final int EARLY_BYTES = 8192;

  private static final int FIRST_EARLY_BYTES = 256;

  /** An answer that says nothing yet, and that every client of HTTP/1.1 passes over. */
  private static final String CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

  private final Scheduler scheduler;
  private final Executor executor;
  private final Duration headerTimeout;
  private final Connections connections;

  /** Taken while it is open: a closed connection does not know it any more. */
  private final Object address;

  private final Object lock = new Object();

  /** Requests whose headers have arrived. */
  private long requests;

  private Scheduler.Task headerTimer;

  /** Is told when the client leaves; null while nobody watches. */
  private Watcher watcher;

  /** Whether reading has come to the end of what the client sends. */
  private boolean ended;

  /** Whether our wish to read is registered; there can be one only. */
  private boolean interested;

  /** The HTTP layer's wish to read, which waits for ours to be answered. */
  private Callback waiting;

  /** What was read early, ready to be taken; null for nothing. */
  private ByteBuffer early;

  /** Is told, once, of a client that leaves while its request is handled. */
  interface Watcher {
    /** The connection is broken: there is nobody to answer. */
    void gone();

    /**
     * Reading does not show any more whether the client is there: it has ended its side of the
     * connection, which may or may not wait for its answer, or has sent more than is kept.
     */
    void unseen();
  }

  ClientEndPoint(
      SocketChannel channel,
      ManagedSelector selector,
      SelectionKey key,
      Scheduler scheduler,
      Executor executor,
      Duration headerTimeout,
      Connections connections) {
    super(channel, selector, key, scheduler);
    this.scheduler = scheduler;
    this.executor = executor;
    this.headerTimeout = headerTimeout;
    this.connections = connections;
    this.address = Connections.address(getRemoteSocketAddress());
  }

  /** Whose it is, for {@link Connections}. */
  Object address() {
    return address;
  }

  @Override
  public void onOpen() {
    super.onOpen();
    synchronized (lock) {
      startHeaderTimer();
    }
    connections.opened(this);
  }

  @Override
  public void onClose(Throwable failure) {
    synchronized (lock) {
      stopHeaderTimer();
    }
    connections.closed(this);
    super.onClose(failure);
  }

  /** All headers of a request are there; returns its number. */
  long requestBegins() {
    connections.works(this);
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
        connections.waits(this);
      }
    }
  }

  /** From now on it waits for the client to send more of a body. */
  void waitsToRead() {
    connections.waits(this);
  }

  /** As above, to take what is written. */
  void waitsToWrite() {
    connections.waitsToWrite(this);
  }

  /** The request is being answered. */
  void works() {
    connections.works(this);
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
   * Tells {@code watching} when the client leaves, until {@link #unwatch}. To be called when the
   * body of the request has been read.
   */
  void watch(Watcher watching) {
    boolean unseen;
    synchronized (lock) {
      watcher = watching;
      unseen = ended || isFull();
      if (unseen) {
        watcher = null;
      } else if (!interested) {
        register();
      }
    }
    if (unseen) {
      watching.unseen();
    }
    // Closed before it was registered, nothing would be told any more.
    if (!isOpen()) {
      answered(new IOException("closed"));
    }
  }

  /** Stops what {@link #watch} began. */
  void unwatch() {
    synchronized (lock) {
      watcher = null;
    }
  }

  private boolean isFull() {
    return early != null && early.remaining() >= EARLY_BYTES;
  }

  private void register() {
    interested = true;
    super.fillInterested(Callback.from(() -> answered(null), this::answered));
  }

  /** There is something to read, or {@code failure}. */
  private void answered(Throwable failure) {
    Callback next;
    Runnable news = null;
    synchronized (lock) {
      interested = false;
      next = waiting;
      waiting = null;
      if (next == null && watcher != null) {
        news = failure != null ? watcher::gone : readEarly(watcher);
        if (news != null) {
          watcher = null;
        }
      }
    }
    if (next != null && failure == null) {
      next.succeeded();
    } else if (next != null) {
      next.failed(failure);
    }
    if (news != null) {
      news.run();
    }
  }

  /** Reads what the client sends before its turn; what is to be told, or null. Under the lock. */
  private Runnable readEarly(Watcher told) {
    try {
      ByteBuffer room = roomForEarly();
      int bytes = super.fill(room);
      early = room.hasRemaining() ? room : null;
      ended = bytes < 0;
      if (ended || isFull()) {
        return told::unseen;
      }
      register();
      return null;
    } catch (IOException e) {
      return told::gone;
    }
  }

  /** The early bytes in a buffer with room behind them. */
  private ByteBuffer roomForEarly() {
    if (early == null) {
      return BufferUtil.allocate(FIRST_EARLY_BYTES);
    }
    if (BufferUtil.space(early) > 0) {
      return early;
    }
    ByteBuffer larger = BufferUtil.allocate(Math.min(EARLY_BYTES, 2 * early.capacity()));
    BufferUtil.append(larger, early);
    return larger;
  }

  /**
   * Sends something that means nothing, at which the operating system of a client that has left
   * answers that the connection is gone; the next one fails then. Not while a response is written.
   *
   * @return completes when it is sent, or fails when the client has left
   */
  CompletableFuture<Void> probe() {
    Callback.Completable written = new Callback.Completable();
    write(written, ByteBuffer.wrap(CONTINUE.getBytes(StandardCharsets.US_ASCII)));
    return written;
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
