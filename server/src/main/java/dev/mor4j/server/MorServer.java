package dev.mor4j.server;

import dev.mor4j.runtime.MorEngine;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.function.Consumer;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Serves an engine over HTTP/1.1, as OpenAI's completions API, until it is closed.
 *
 * <pre>{@code
 * try (MorModel model = MorModel.open(folder);
 *     MorEngine engine = model.newEngine(EngineOptions.defaults());
 *     MorServer server = MorServer.start(engine, ServerOptions.of("books"))) {
 *   ...
 *   server.drain(Duration.ofSeconds(30));
 * }
 * }</pre>
 *
 * <p>Each request has a virtual thread; large ones are parsed and tokenized on a few threads of the
 * platform. The engine stays its caller's, who closes it after the server. Any thread.
 */
public final class MorServer implements AutoCloseable {
  /** Of Jetty's own: one accepts, one selects, the others read and write. */
  private static final int THREADS = 8;

  /** For responses that are ready to be written. */
  private static final Duration LAST_WRITES = Duration.ofSeconds(10);

  private final MorEngine engine;
  private final Server server;
  private final ClientConnector connector;
  private final RunningRequests running;
  private final LargeRequests large;
  private int port;
  private boolean closed;

  private MorServer(
      MorEngine engine,
      Server server,
      ClientConnector connector,
      RunningRequests running,
      LargeRequests large) {
    this.engine = engine;
    this.server = server;
    this.connector = connector;
    this.running = running;
    this.large = large;
  }

  /**
   * Listens, and returns.
   *
   * @throws IOException when it cannot listen there; the message says where and why
   * @throws IllegalArgumentException when others than this machine could reach it, and there is no
   *     API key
   */
  public static MorServer start(MorEngine engine, ServerOptions options) throws IOException {
    return start(engine, options, failure -> {});
  }

  /**
   * As above; {@code failures} is told of errors that no client has made, on the threads where they
   * happen.
   */
  public static MorServer start(
      MorEngine engine, ServerOptions options, Consumer<Throwable> failures) throws IOException {
    InetSocketAddress address = address(options);
    QueuedThreadPool threads = new QueuedThreadPool(THREADS, THREADS);
    threads.setName("mor4j-http");
    threads.setDaemon(true);
    threads.setReservedThreads(0);
    Server server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(options.maxHeaderBytes());
    http.setUriCompliance(UriCompliance.DEFAULT);
    ClientConnector connector =
        new ClientConnector(server, options, new HttpConnectionFactory(http));
    connector.setHost(address.getAddress().getHostAddress());
    connector.setPort(options.port());
    server.addConnector(connector);
    server.setErrorHandler(new ErrorResponses(options));
    RunningRequests running = new RunningRequests();
    long heap = Runtime.getRuntime().maxMemory();
    LargeRequests large = new LargeRequests(LargeRequests.mostOf(heap, options.maxBodyBytes()));
    server.setHandler(
        new Router(engine, options, running, large, connector.connections(), failures));
    MorServer made = new MorServer(engine, server, connector, running, large);
    try {
      server.start();
    } catch (Exception e) {
      made.close();
      throw notListening(address, e);
    } catch (Error e) {
      made.close();
      throw e;
    }
    made.port = connector.getLocalPort();
    return made;
  }

  private static InetSocketAddress address(ServerOptions options) throws IOException {
    InetAddress address;
    try {
      address = InetAddress.getByName(options.host());
    } catch (UnknownHostException e) {
      throw new IOException("cannot listen at " + options.host() + ": no such host", e);
    }
    if (!address.isLoopbackAddress() && options.apiKey().isEmpty()) {
      throw new IllegalArgumentException(
          "host is "
              + options.host()
              + ", which other machines may reach; expected an API key then");
    }
    return new InetSocketAddress(address, options.port());
  }

  private static IOException notListening(InetSocketAddress address, Exception e) {
    Throwable reason = e;
    while (reason.getCause() != null && !(reason instanceof BindException)) {
      reason = reason.getCause();
    }
    return new IOException(
        "cannot listen at "
            + address.getAddress().getHostAddress()
            + " port "
            + address.getPort()
            + ": "
            + reason.getMessage(),
        e);
  }

  Connections connections() {
    return connector.connections();
  }

  /** The port that it listens at, or did until it was closed. */
  public int port() {
    return port;
  }

  /** Where it listens: {@code http://127.0.0.1:8080}. */
  public URI uri() {
    String host = connector.getHost();
    return URI.create("http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port());
  }

  /**
   * Takes no more generations in, which clients and {@code /health} are told, and lets those finish
   * that there are. What is not done by then is cancelled. To be followed by {@link #close()}.
   *
   * @param limit how long to wait
   * @return whether all have finished
   */
  public boolean drain(Duration limit) throws InterruptedException {
    running.startDraining();
    boolean finished = engine.drain(limit);
    running.cancelAll();
    running.awaitNone(LAST_WRITES);
    return finished;
  }

  /**
   * Stops listening, cancels what is generated, and closes all connections. May be called again; to
   * let requests finish first, {@link #drain} before.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    running.startDraining();
    running.cancelAll();
    boolean interrupted = false;
    try {
      running.awaitNone(LAST_WRITES);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("the HTTP server cannot be stopped: " + e.getMessage(), e);
    } finally {
      large.close();
      server.destroy();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
