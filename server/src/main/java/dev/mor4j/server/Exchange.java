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

  /** From when on a body has to have come at the rate below. */
  private static final Duration BODY_GRACE = Duration.ofSeconds(5);

  private static final int BODY_BYTES_PER_SECOND = 1024;

  /** As above, for a body that is not wanted any more. */
  private static final Duration DISCARD_GRACE = Duration.ofSeconds(1);

  private static final int DISCARD_BYTES_PER_SECOND = 64 << 10;

  /** What a client has to take of a response while it is being waited for. */
  private static final int TAKEN_BYTES_PER_SECOND = 1024;

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

  /** Whether the body came too slowly. */
  private boolean slow;

  /** Bytes of the response that the client has taken, and the time that it took for them. */
  private long taken;

  private long waitedNanos;

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
   * @param onLarge runs once when there are more than {@link LargeRequests#SMALL_BYTES} of it, and
   *     may refuse it
   * @throws ApiException when it is larger or takes longer than allowed
   * @throws ClientGoneException when the client leaves before its end
   */
  byte[] readBody(Runnable onLarge) throws ClientGoneException, InterruptedException {
    int most = options.maxBodyBytes();
    if (request.getLength() > most) {
      throw tooLarge(most);
    }
    boolean large = false;
    bodyWanted = true;
    client.waitsToRead();
    Patience patience = new Patience(BODY_GRACE, BODY_BYTES_PER_SECOND, options.bodyTimeout());
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    while (true) {
      Content.Chunk chunk = nextChunk(patience.end(body.size()));
      if (chunk == null) {
        throw tooSlow(patience);
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
      if (!large && body.size() + copy.length > LargeRequests.SMALL_BYTES) {
        onLarge.run();
        large = true;
      }
      body.writeBytes(copy);
      if (chunk.isLast()) {
        client.works();
        return body.toByteArray();
      }
      if (System.nanoTime() - patience.end(body.size()) > 0) {
        throw tooSlow(patience);
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
   * sending. What comes too slowly is left to that.
   */
  void discardRest() throws InterruptedException {
    boolean waitsToBeAsked =
        !bodyWanted
            && request
                .getHeaders()
                .contains(HttpHeader.EXPECT, HttpHeaderValue.CONTINUE.asString());
    if (waitsToBeAsked || slow) {
      return;
    }
    client.waitsToRead();
    Patience patience =
        new Patience(DISCARD_GRACE, DISCARD_BYTES_PER_SECOND, options.bodyTimeout());
    long discarded = 0;
    while (true) {
      long end = patience.end(discarded);
      Content.Chunk chunk = System.nanoTime() - end > 0 ? null : nextChunk(end);
      if (chunk == null || Content.Chunk.isFailure(chunk)) {
        return;
      }
      discarded += chunk.remaining();
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

  private ApiException tooSlow(Patience patience) {
    closeAfterResponse();
    slow = true;
    boolean whole = System.nanoTime() - patience.last() >= 0;
    return ApiException.of(
        408,
        "request_timeout",
        whole
            ? "the body did not arrive within " + options.bodyTimeout().toMillis() + " milliseconds"
            : "the body comes with less than " + BODY_BYTES_PER_SECOND + " bytes a second");
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
      awaitTaken(written, piece.length);
    } catch (ExecutionException e) {
      throw new ClientGoneException(e.getCause());
    } catch (TimeoutException e) {
      client.close(e);
      throw new ClientGoneException(e);
    } finally {
      writing.unlock();
    }
  }

  /**
   * Waits until what is written is taken, so long as the client has always taken enough. What the
   * engine takes to make a text does not count, only what the client takes to read it.
   */
  private void awaitTaken(Callback.Completable written, int bytes)
      throws ExecutionException, InterruptedException, TimeoutException {
    if (!written.isDone()) {
      long begin = System.nanoTime();
      long allowed =
          options.writeTimeout().toNanos()
              + TimeUnit.SECONDS.toNanos(taken) / TAKEN_BYTES_PER_SECOND
              - waitedNanos;
      client.waitsToWrite();
      try {
        long most = Math.min(allowed, options.writeTimeout().toNanos());
        written.get(Math.max(0, most), TimeUnit.NANOSECONDS);
      } finally {
        client.works();
        waitedNanos += System.nanoTime() - begin;
      }
    } else {
      written.get();
    }
    taken += bytes;
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
