package dev.mor4j.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.format.ModelChangedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Checks who asks, finds what answers, and turns failures into answers. */
final class Router extends Handler.Abstract.NonBlocking {
  private static final List<String> READ = List.of("GET", "HEAD");
  private static final String BEARER = "bearer ";

  /** In the metrics, for requests whose client left; not sent, as nobody is there. As of nginx. */
  private static final int CLIENT_GONE = 499;

  private final MorEngine engine;
  private final ServerOptions options;
  private final RunningRequests running;
  private final Consumer<Throwable> failures;
  private final BrowserGuard guard;
  private final CompletionHandler completions;
  private final ModelsHandler models;
  private final EngineMetrics metrics;
  private final TimelinePage timeline;

  Router(
      MorEngine engine,
      ServerOptions options,
      RunningRequests running,
      LargeRequests large,
      Connections connections,
      Consumer<Throwable> failures) {
    this.engine = engine;
    this.options = options;
    this.running = running;
    this.failures = failures;
    this.guard = new BrowserGuard(options);
    this.completions = new CompletionHandler(engine, options, running, large);
    this.models = new ModelsHandler(engine.model(), options);
    this.metrics = new EngineMetrics(engine, options.modelName(), connections);
    this.timeline = new TimelinePage(engine);
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    ClientEndPoint client =
        (ClientEndPoint) request.getConnectionMetaData().getConnection().getEndPoint();
    long number = client.requestBegins();
    Request.addCompletionListener(request, failure -> client.requestEnds(number));
    running.begin();
    Thread.ofVirtual()
        .name("mor4j-http")
        .start(
            () -> {
              try {
                answer(new Exchange(request, response, client, options), callback);
              } finally {
                running.end();
              }
            });
    return true;
  }

  private void answer(Exchange exchange, Callback callback) {
    try {
      try {
        route(exchange);
      } catch (ApiException e) {
        refuse(exchange, e);
      } catch (RuntimeException | Error e) {
        refuse(exchange, ApiException.failure("internal_error", "internal error", e));
      }
      callback.succeeded();
      metrics.responded(exchange.status());
    } catch (ClientGoneException e) {
      exchange.abandon(e);
      callback.failed(e);
      metrics.responded(CLIENT_GONE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      exchange.abandon(e);
      callback.failed(e);
    } catch (RuntimeException | Error e) {
      failures.accept(e);
      exchange.abandon(e);
      callback.failed(e);
    }
  }

  private void refuse(Exchange exchange, ApiException e)
      throws ClientGoneException, InterruptedException {
    if (e.getCause() != null) {
      failures.accept(e.getCause());
    }
    // Where a response has begun, its writer has said what there was to say.
    if (!exchange.responseHasBegun()) {
      exchange.send(e.status(), e.json());
      exchange.discardRest();
    }
  }

  private void route(Exchange exchange) throws ClientGoneException, InterruptedException {
    requireKnownCoding(exchange);
    String path = exchange.path();
    if (options.apiKey().isEmpty()) {
      guard.check(exchange);
    } else if (!path.equals("/health")) {
      requireKey(exchange, options.apiKey().get());
    }
    if (path.startsWith(ModelsHandler.PATH + "/")) {
      requireMethod(exchange, READ);
      models.one(exchange);
      return;
    }
    switch (path) {
      case CompletionHandler.PATH -> {
        requireMethod(exchange, List.of("POST"));
        completions.handle(exchange);
      }
      case ModelsHandler.PATH -> {
        requireMethod(exchange, READ);
        models.list(exchange);
      }
      case "/health" -> {
        requireMethod(exchange, READ);
        health(exchange);
      }
      case "/metrics" -> {
        requireMethod(exchange, READ);
        exchange.send(200, EngineMetrics.CONTENT_TYPE, metrics.text());
      }
      case "/timeline" -> {
        requireMethod(exchange, READ);
        exchange.responseHeader(
            "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
        exchange.send(
            200, "text/html; charset=utf-8", timeline.html().getBytes(StandardCharsets.UTF_8));
      }
      case "/v1/chat/completions" ->
          throw ApiException.of(
              404,
              "unknown_url",
              "there are no chats: these models complete texts; use POST /v1/completions");
      default -> throw ApiException.of(404, "unknown_url", "there is nothing at this path");
    }
  }

  /** A body in a coding that is not undone would be read as something that it is not. */
  private static void requireKnownCoding(Exchange exchange) {
    String coding = exchange.allOf(HttpHeader.TRANSFER_ENCODING);
    if (coding != null && !coding.strip().equalsIgnoreCase("chunked")) {
      exchange.closeAfterResponse();
      throw ApiException.of(
          501, "not_implemented", "the Transfer-Encoding is another than chunked alone");
    }
  }

  private static void requireKey(Exchange exchange, ApiKey key) {
    String shown = exchange.header(HttpHeader.AUTHORIZATION);
    boolean bearer = shown != null && shown.regionMatches(true, 0, BEARER, 0, BEARER.length());
    if (!bearer || !key.matches(shown.substring(BEARER.length()).strip())) {
      exchange.responseHeader(HttpHeader.WWW_AUTHENTICATE.asString(), "Bearer");
      throw ApiException.of(
          401,
          "invalid_api_key",
          bearer
              ? "the API key is not the server's"
              : "there is no API key, expected Authorization: Bearer KEY");
    }
  }

  private static void requireMethod(Exchange exchange, List<String> allowed) {
    if (!allowed.contains(exchange.method())) {
      exchange.responseHeader(HttpHeader.ALLOW.asString(), String.join(", ", allowed));
      throw ApiException.of(
          405,
          "method_not_allowed",
          "the method is " + exchange.method() + ", expected " + String.join(" or ", allowed));
    }
  }

  private void health(Exchange exchange) throws ClientGoneException, InterruptedException {
    Optional<Throwable> failure = engine.failure().or(() -> engine.model().change());
    EngineStatistics statistics = engine.statistics();
    ObjectNode body = Json.object();
    String status = failure.isPresent() ? "failed" : running.isDraining() ? "draining" : "ok";
    body.put("status", status);
    failure.ifPresent(cause -> body.put("failure", failureText(cause)));
    body.put("queued", statistics.queued());
    body.put("running", statistics.running());
    exchange.send(status.equals("ok") ? 200 : 503, body);
  }

  /**
   * What a device or a model's file is said to be; of other errors nothing, which are for the log.
   */
  private static String failureText(Throwable failure) {
    return switch (failure) {
      case ModelChangedException changed -> CompletionHandler.modelChanged(changed);
      case DeviceException device -> device.getMessage();
      default -> "the engine has failed for good; the log says why";
    };
  }
}
