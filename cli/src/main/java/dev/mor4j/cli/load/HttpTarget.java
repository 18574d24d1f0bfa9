package dev.mor4j.cli.load;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A server with OpenAI's {@code /v1/completions}, of this project or another, that streams server
 * sent events. Deadlines are kept by this client, which closes the connection. Owns the
 * connections.
 */
public final class HttpTarget implements LoadTarget {
  /** Answers by which a server says that it has too much to do, or that a request is too large. */
  private static final Map<Integer, String> REFUSALS =
      Map.of(413, "http_413", 429, "http_429", 503, "http_503");

  private static final int MESSAGE_BYTES = 300;
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);

  private final ServerAddress server;
  private final HttpClient client;
  private final ScheduledThreadPoolExecutor deadlines;

  /** A target at {@code server}; nothing is sent yet. */
  public HttpTarget(ServerAddress server) {
    this.server = server;
    this.client =
        HttpClient.newBuilder()
            // A connection a request: an answer that is cancelled ends its own and no other.
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_LIMIT)
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();
    this.deadlines =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("mor4j-load-deadlines").factory());
    deadlines.setRemoveOnCancelPolicy(true);
  }

  /**
   * A target at {@code server}, asked for the model that it names first, where it names any.
   *
   * @throws IOException when nobody answers there
   */
  public static HttpTarget ofFirstModel(ServerAddress server)
      throws IOException, InterruptedException {
    Optional<String> model;
    try (HttpTarget asking = new HttpTarget(server)) {
      HttpRequest.Builder get = HttpRequest.newBuilder(server.models()).timeout(CONNECT_LIMIT);
      HttpResponse<String> response =
          asking.client.send(
              asking.withKey(get).build(),
              HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
      model =
          response.statusCode() == 200
              ? CompletionMessages.firstModel(response.body())
              : Optional.empty();
    } catch (IOException e) {
      throw new IOException(server + " does not answer: " + text(e), e);
    }
    return new HttpTarget(server.withModel(model));
  }

  /** The server, with the model that requests name. */
  public ServerAddress server() {
    return server;
  }

  private HttpRequest.Builder withKey(HttpRequest.Builder request) {
    server.apiKey().ifPresent(key -> request.header("Authorization", "Bearer " + key));
    return request;
  }

  @Override
  public RequestEnd run(PlannedRequest request, Exchange exchange) {
    Interruption interruption = new Interruption(Thread.currentThread());
    exchange.cancelWith(() -> interruption.interrupt(Ending.CUT));
    ScheduledFuture<?> late =
        request.deadline().isEmpty()
            ? null
            : deadlines.schedule(
                () -> interruption.interrupt(Ending.DEADLINE),
                request.deadline().get().toNanos(),
                TimeUnit.NANOSECONDS);
    RequestEnd end;
    try {
      end = send(request, exchange);
    } catch (IOException e) {
      end = RequestEnd.failed(e.getClass().getSimpleName(), text(e));
    } catch (InterruptedException e) {
      // By the interruption, which says why; nobody else knows this thread.
      end = RequestEnd.failed(e);
    } finally {
      if (late != null) {
        late.cancel(false);
      }
    }
    Ending ending = interruption.end();
    if (ending != null && end.ending() == Ending.FAILED) {
      return RequestEnd.of(ending, RequestEnd.label(ending), 0, exchange.tokens());
    }
    return end;
  }

  private RequestEnd send(PlannedRequest request, Exchange exchange)
      throws IOException, InterruptedException {
    HttpRequest.Builder post =
        HttpRequest.newBuilder(server.completions())
            .header("Content-Type", "application/json")
            .header("Accept", "text/event-stream")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    CompletionMessages.request(request, server.model())));
    HttpResponse<InputStream> response =
        client.send(withKey(post).build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      int status = response.statusCode();
      if (REFUSALS.containsKey(status)) {
        return RequestEnd.refused(REFUSALS.get(status));
      }
      if (status != 200) {
        String said = new String(body.readNBytes(MESSAGE_BYTES), StandardCharsets.UTF_8);
        return RequestEnd.failed("http_" + status, "HTTP " + status + ": " + said.strip());
      }
      return read(request, new ServerSentEvents(body), exchange);
    }
  }

  private static RequestEnd read(PlannedRequest request, ServerSentEvents events, Exchange exchange)
      throws IOException {
    String reason = null;
    int promptTokens = 0;
    boolean done = false;
    while (!done && !request.cancelledAt(exchange.tokens())) {
      String data = events.next();
      if (data == null || data.equals("[DONE]")) {
        done = true;
        continue;
      }
      CompletionMessages.Chunk chunk = CompletionMessages.chunk(data);
      if (chunk.error() != null) {
        return RequestEnd.failed("error_event", chunk.error());
      }
      if (chunk.hasText()) {
        exchange.token();
      }
      reason = chunk.finishReason() != null ? chunk.finishReason() : reason;
      promptTokens = Math.max(promptTokens, chunk.promptTokens());
      if (chunk.completionTokens() > 0) {
        exchange.countedTokens(chunk.completionTokens());
      }
    }
    if (reason != null) {
      Ending ending =
          switch (reason) {
            case "deadline" -> Ending.DEADLINE;
            case "cancelled" -> Ending.FAILED;
            default -> Ending.COMPLETED;
          };
      return RequestEnd.of(ending, reason, promptTokens, exchange.tokens());
    }
    return done
        ? RequestEnd.failed("cut_off", "an answer ended without saying why")
        : RequestEnd.of(Ending.CANCELLED, "cancelled", promptTokens, exchange.tokens());
  }

  /** The exception's text; of a refused connection Java gives none. */
  private static String text(IOException e) {
    return e.getMessage() == null || e instanceof InterruptedIOException
        ? e.toString()
        : e.getMessage();
  }

  @Override
  public void close() {
    deadlines.shutdownNow();
    client.shutdownNow();
    client.close();
  }

  /** Interrupts the thread of a request, but never after the request's end. */
  private static final class Interruption {
    private final Thread thread;
    private Ending ending;
    private boolean over;

    Interruption(Thread thread) {
      this.thread = thread;
    }

    synchronized void interrupt(Ending why) {
      if (!over && ending == null) {
        ending = why;
        thread.interrupt();
      }
    }

    /** The request has ended; why it was interrupted, null where it was not. */
    synchronized Ending end() {
      over = true;
      if (ending != null) {
        // The thread goes on to another request; this interrupt was for the one that ended.
        Thread.interrupted();
      }
      return ending;
    }
  }
}
