package dev.mor4j.server;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The connections of a server, of which there may be so many. A connection either works, while its
 * request is being answered, or waits for its client: for a request, for the rest of a body, or to
 * take what was written. Where there are too many, one that waits is closed, so that clients that
 * do not deliver take no place from those that do: the one that has waited longest, of the address
 * that has the most. Only where all of them work, new ones are not accepted before one has ended.
 * Any thread.
 */
final class Connections {
  /** A client that takes what is written only now and then does not wait before this. */
  private static final long WRITE_GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** The part of an IPv6 address that a network gives to one client. */
  private static final int CLIENT_PREFIX_BYTES = 8;

  /** For a connection that does not wait. */
  private static final long WORKS = Long.MAX_VALUE;

  private final int most;
  private final int mostOfAddress;
  private final Consumer<Boolean> accepting;
  private final ReentrantLock lock = new ReentrantLock();

  /** By address: since when each waits, in nanoseconds after {@link #origin}, or that it works. */
  private final Map<Object, Map<ClientEndPoint, Long>> waiting = new HashMap<>();

  private final long origin = System.nanoTime();
  private int all;
  private int working;
  private long closed;

  /**
   * @param most connections
   * @param mostOfAddress connections of one address
   * @param accepting told to accept connections or not to
   */
  Connections(int most, int mostOfAddress, Consumer<Boolean> accepting) {
    this.most = most;
    this.mostOfAddress = mostOfAddress;
    this.accepting = accepting;
  }

  /** There is a new one, which waits. Closes another, or this one, where there are too many. */
  void opened(ClientEndPoint connection) {
    ClientEndPoint dropped = null;
    lock.lock();
    try {
      Map<ClientEndPoint, Long> ofAddress =
          waiting.computeIfAbsent(connection.address(), key -> new LinkedHashMap<>());
      if (ofAddress.size() >= mostOfAddress) {
        dropped = longestWaiting(ofAddress);
        dropped = dropped == null ? connection : dropped;
      } else if (all >= most) {
        dropped = longestWaiting();
      }
      ofAddress.put(connection, now());
      all++;
      if (dropped != null) {
        // It counts no more, though it is closed later: the next new one closes another.
        remove(dropped);
        closed++;
      }
    } finally {
      lock.unlock();
    }
    if (dropped != null) {
      dropped.close();
    }
  }

  /** It has been closed. */
  void closed(ClientEndPoint connection) {
    lock.lock();
    try {
      remove(connection);
    } finally {
      lock.unlock();
    }
  }

  private void remove(ClientEndPoint connection) {
    Object address = connection.address();
    Map<ClientEndPoint, Long> ofAddress = waiting.get(address);
    Long since = ofAddress == null ? null : ofAddress.remove(connection);
    if (since == null) {
      return;
    }
    if (ofAddress.isEmpty()) {
      waiting.remove(address);
    }
    all--;
    if (since == WORKS) {
      worksNoMore();
    }
  }

  /** How many there are now, and how many were closed to make room. */
  Counts counts() {
    lock.lock();
    try {
      return new Counts(all - working, working, closed);
    } finally {
      lock.unlock();
    }
  }

  /**
   * @param waiting for their clients
   * @param working on an answer
   * @param closed since the server began, because there were too many
   */
  record Counts(int waiting, int working, long closed) {}

  /** It waits for its client to send something. */
  void waits(ClientEndPoint connection) {
    waits(connection, 0);
  }

  /** It waits for its client to take something. */
  void waitsToWrite(ClientEndPoint connection) {
    waits(connection, WRITE_GRACE_NANOS);
  }

  private void waits(ClientEndPoint connection, long grace) {
    lock.lock();
    try {
      Long before = replace(connection, now() + grace);
      if (before != null && before == WORKS) {
        worksNoMore();
      }
    } finally {
      lock.unlock();
    }
  }

  /** It does not wait for its client. */
  void works(ClientEndPoint connection) {
    lock.lock();
    try {
      Long before = replace(connection, WORKS);
      if (before != null && before != WORKS && ++working == most) {
        accepting.accept(false);
      }
    } finally {
      lock.unlock();
    }
  }

  private void worksNoMore() {
    if (working-- == most) {
      accepting.accept(true);
    }
  }

  /** Sets its value, if it is open; returns the one before, or null. */
  private Long replace(ClientEndPoint connection, long value) {
    Map<ClientEndPoint, Long> ofAddress = waiting.get(connection.address());
    return ofAddress == null ? null : ofAddress.replace(connection, value);
  }

  /** Of the address with the most connections among those where one waits; null for none. */
  private ClientEndPoint longestWaiting() {
    ClientEndPoint longest = null;
    int largest = 0;
    for (Map<ClientEndPoint, Long> ofAddress : waiting.values()) {
      ClientEndPoint candidate = ofAddress.size() > largest ? longestWaiting(ofAddress) : null;
      if (candidate != null) {
        longest = candidate;
        largest = ofAddress.size();
      }
    }
    return longest;
  }

  private static ClientEndPoint longestWaiting(Map<ClientEndPoint, Long> connections) {
    ClientEndPoint longest = null;
    long first = WORKS;
    for (Map.Entry<ClientEndPoint, Long> entry : connections.entrySet()) {
      if (entry.getValue() < first) {
        first = entry.getValue();
        longest = entry.getKey();
      }
    }
    return longest;
  }

  private long now() {
    return System.nanoTime() - origin;
  }

  /** What connections of one client have in common. */
  static Object address(SocketAddress remote) {
    if (!(remote instanceof InetSocketAddress socket)) {
      return "";
    }
    InetAddress address = socket.getAddress();
    return address instanceof Inet6Address
        ? ByteBuffer.wrap(Arrays.copyOf(address.getAddress(), CLIENT_PREFIX_BYTES))
        : address;
  }
}
