package dev.mor4j.server;

import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Accepts connections as {@link ClientEndPoint}s. */
final class ClientConnector extends ServerConnector {
  /**
   * What the operating system keeps for a client that does not read. Its own choice grows to
   * megabytes, thousands of events, before the client is found to be too slow.
   */
  private static final int SEND_BUFFER_BYTES = 64 << 10;

  /** Clients that come at the same moment wait here; beyond that the network has them try again. */
  private static final int ACCEPT_QUEUE = 1024;

  private final Duration headerTimeout;
  private final Connections connections;

  ClientConnector(Server server, ServerOptions options, ConnectionFactory http) {
    super(server, 1, 1, http);
    this.headerTimeout = options.headerTimeout();
    this.connections =
        new Connections(
            options.maxConnections(), options.maxConnectionsPerAddress(), this::setAccepting);
    setAcceptQueueSize(ACCEPT_QUEUE);
    // Each phase of a connection has a time of its own; a long generation is no idling.
    setIdleTimeout(0);
    setAcceptedSendBufferSize(SEND_BUFFER_BYTES);
  }

  Connections connections() {
    return connections;
  }

  @Override
  protected SocketChannelEndPoint newEndPoint(
      SocketChannel channel, ManagedSelector selector, SelectionKey key) {
    SocketChannelEndPoint endPoint =
        new ClientEndPoint(
            channel, selector, key, getScheduler(), getExecutor(), headerTimeout, connections);
    endPoint.setIdleTimeout(getIdleTimeout());
    return endPoint;
  }
}
