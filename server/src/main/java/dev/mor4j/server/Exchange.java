package dev.mor4j.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpHeaderValue;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * A request and its response, read and written by blocking calls that end in time. Used by one
 * thread at a time.
 */
final class Exchange {
  static final String JSON = "application/json";

  private final Request request;
  private final Response response;
  private final ClientEndPoint client;
  private final ServerOptions options;

  /** Has a permit once what was asked for by {@link #demanded} is there. */
  private final Semaphore content = new Semaphore(0);

  /** Whether Jetty has been asked to tell when there is more of the body. */
  private boolean demanded;

  /** Held while something is written. */
  private final ReentrantLock writing = new ReentrantLock();

  /** Whether the first byte of the response has been given to Jetty, or none will be. */
  private boolean answering;

  /** Whether the client has been let to send its body, if it asked (Expect: 100-continue). */
  private boolean bodyWanted;

  Exchange(Request request, Response response, ClientEndPoint client, ServerOptions options) {
    this.request = request;
    this.response = response;
    this.client = client;
    this.options = options;
    response.getHeaders().put("X-Content-Type-Options", "nosniff");
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
  }

  String method() {
    return request.getMethod();
  }

  /** The path, decoded; empty where the request names none. */
  String path() {
    String path = Request.getPathInContext(request);
    return path == null ? "" : path;
  }

  /** A header; null without one. */
  String header(HttpHeader name) {
    return request.getHeaders().get(name);
  }

  /** All values of a header, one after the other; null without one. */
  String allOf(HttpHeader name) {
    List<String> values = request.getHeaders().getValuesList(name);
    return values.isEmpty() ? null : String.join(", ", values);
  }

  /** The host that the client believes to talk to, without the port. */
  String hostName() {
    return Request.getServerName(request);
  }

  /** The connection. */
  ClientEndPoint client() {
    return client;
  }

  /** Sets a header of the response. */
  void responseHeader(String name, String value) {
    response.getHeaders().put(name, value);
  }

  /** Whether a response has begun, so that no other can be sent. */
  boolean responseHasBegun() {
    return response.isCommitted();
  }

  int status() {
    return response.getStatus();
  }

  /**
   * The whole body.
   *
   * @throws ApiException when it is larger or takes longer than allowed
   * @throws ClientGoneException when the client leaves before its end
   */
  byte[] readBody() throws ClientGoneException, InterruptedException {
    int most = options.maxBodyBytes();
    if (request.getLength() > most) {
      throw tooLarge(most);
    }
    bodyWanted = true;
    Duration limit = options.bodyTimeout();
    long end = System.nanoTime() + limit.toNanos();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      Content.Chunk chunk = nextChunk(end);
      if (chunk == null) {
        throw tooSlow(limit);
      }
      if (Content.Chunk.isFailure(chunk)) {
        throw broken(chunk.getFailure(), body.size());
      }
      ByteBuffer bytes = chunk.getByteBuffer();
      boolean tooLarge = body.size() + bytes.remaining() > most;
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      chunk.release();
      if (tooLarge) {
        throw tooLarge(most);
      }
      body.writeBytes(copy);
      if (chunk.isLast()) {
        return body.toByteArray();
      }
      if (System.nanoTime() - end > 0) {
        throw tooSlow(limit);
      }
    }
  }

  /** More of the body, or a failure; null where neither came in time. */
  private Content.Chunk nextChunk(long end) throws InterruptedException {
    Content.Chunk chunk = request.read();
    while (chunk == null && awaitContent(end)) {
      chunk = request.read();
    }
    return chunk;
  }

  /** Waits for more of the body; whether some, or its end, came in time. */
  private boolean awaitContent(long end) throws InterruptedException {
    // One that was not answered in time still will be, and there can be no second one until then.
    if (!demanded) {
      demanded = true;
      request.demand(content::release);
    }
    boolean came = content.tryAcquire(end - System.nanoTime(), TimeUnit.NANOSECONDS);
    demanded = !came;
    return came;
  }

  /**
   * Reads what is left of the body and drops it, once the response is sent. A connection closed
   * with bytes unread is reset, and a reset may take the response from a client that is still
   * sending. What has not come within the time that a body may take is left to that.
   */
  void discardRest() throws InterruptedException {
    boolean waitsToBeAsked =
        !bodyWanted
            && request
                .getHeaders()
                .contains(HttpHeader.EXPECT, HttpHeaderValue.CONTINUE.asString());
    if (waitsToBeAsked) {
      return;
    }
    long end = System.nanoTime() + options.bodyTimeout().toNanos();
    while (System.nanoTime() - end < 0) {
      Content.Chunk chunk = nextChunk(end);
      if (chunk == null || Content.Chunk.isFailure(chunk)) {
        return;
      }
      chunk.release();
      if (chunk.isLast()) {
        return;
      }
    }
  }

  /** What a body that cannot be read to its end is: the client's mistake, or its leaving. */
  private ApiException broken(Throwable failure, int received) throws ClientGoneException {
    if (!(failure instanceof HttpException)) {
      throw new ClientGoneException(failure);
    }
    closeAfterResponse();
    String found = "the body's chunks are not well-formed";
    if (failure instanceof EofException) {
      found =
          request.getLength() < 0
              ? "the body ends before its last chunk"
              : "the body ends after " + received + " of " + request.getLength() + " bytes";
    }
    return ApiException.of(400, "malformed_body", found);
  }

  private ApiException tooLarge(int most) {
    closeAfterResponse();
    return ApiException.of(
        413, "request_too_large", "the body is larger than the " + most + " bytes allowed");
  }

  private ApiException tooSlow(Duration limit) {
    closeAfterResponse();
    return ApiException.of(
        408,
        "request_timeout",
        "the body did not arrive within " + limit.toMillis() + " milliseconds");
  }

  /** The body is not read to its end as a body, so the connection cannot be used again. */
  void closeAfterResponse() {
    response.getHeaders().put(new HttpField(HttpHeader.CONNECTION, "close"));
  }

  /** Sends a whole response. */
  void send(int status, String contentType, byte[] body)
      throws ClientGoneException, InterruptedException {
    response.setStatus(status);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, contentType);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
    write(true, body);
  }

  /** Sends a JSON document. */
  void send(int status, ObjectNode body) throws ClientGoneException, InterruptedException {
    send(status, JSON, Json.bytes(body));
  }

  /** Begins a response that is written piece by piece. */
  void begin(String contentType) {
    response.setStatus(200);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, contentType);
  }

  /**
   * Writes a piece; the last one ends the response.
   *
   * @throws ClientGoneException when the client has left, or does not take it in time
   */
  void write(boolean last, byte[] piece) throws ClientGoneException, InterruptedException {
    Callback.Completable written = new Callback.Completable();
    writing.lock();
    try {
      answering = true;
      response.write(last, ByteBuffer.wrap(piece), written);
      written.get(options.writeTimeout().toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw new ClientGoneException(e.getCause());
    } catch (TimeoutException e) {
      client.close(e);
      throw new ClientGoneException(e);
    } finally {
      writing.unlock();
    }
  }

  /** What is known of a client. */
  enum Presence {
    HERE,
    GONE,
    /** There is a response, and who writes it will know. */
    ANSWERED
  }

  /** Looks for the client, unless its response has begun. */
  Presence probe() throws InterruptedException {
    writing.lock();
    try {
      // Clients of HTTP/1.0 would take it for their answer.
      if (answering || request.getConnectionMetaData().getHttpVersion() != HttpVersion.HTTP_1_1) {
        return Presence.ANSWERED;
      }
      client.probe().get(options.writeTimeout().toNanos(), TimeUnit.NANOSECONDS);
      return Presence.HERE;
    } catch (ExecutionException | TimeoutException e) {
      client.close(e);
      return Presence.GONE;
    } finally {
      writing.unlock();
    }
  }

  /** There is nobody to answer: closes the connection, so that nothing is sent. */
  void abandon(Throwable reason) {
    writing.lock();
    try {
      answering = true;
      client.close(reason);
    } finally {
      writing.unlock();
    }
  }
}
