package dev.mor4j.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.RequestRefusedException;
import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.device.DeviceOutOfMemoryException;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.format.ModelChangedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.MimeTypes;

/** {@code POST /v1/completions}. When the client leaves, what is generated for it is cancelled. */
final class CompletionHandler {
  static final String PATH = "/v1/completions";

  private final MorEngine engine;
  private final ServerOptions options;
  private final RunningRequests running;
  private final LargeRequests large;

  /** Tells ids of this server from those of another, or of this one before it was started again. */
  private final String idPrefix =
      "cmpl-" + Long.toHexString(ThreadLocalRandom.current().nextLong(1L << 48)) + "-";

  CompletionHandler(
      MorEngine engine, ServerOptions options, RunningRequests running, LargeRequests large) {
    this.engine = engine;
    this.options = options;
    this.running = running;
    this.large = large;
  }

  void handle(Exchange exchange) throws ClientGoneException, InterruptedException {
    if (running.isDraining()) {
      throw shuttingDown();
    }
    requireJson(exchange);
    Submitted submitted = readAndSubmit(exchange);
    CompletionRequest request = submitted.request();
    List<Generation> generations = submitted.generations();
    running.add(generations);
    AtomicBoolean clientLeft = new AtomicBoolean();
    Runnable onGone =
        () -> {
          clientLeft.set(true);
          generations.forEach(Generation::cancel);
        };
    ClientProbe probe = new ClientProbe(exchange, onGone);
    try {
      CompletionJson json =
          new CompletionJson(
              idPrefix + generations.getFirst().id(),
              Instant.now().getEpochSecond(),
              options.modelName(),
              request.returnTokens());
      if (request.stream()) {
        boolean hasTexts = engine.model().tokenizer().isPresent();
        new CompletionStream(exchange, request, generations, json, newUsage(), hasTexts).run();
      } else {
        exchange.send(200, whole(request, generations, json));
      }
    } catch (ApiException e) {
      if (clientLeft.get()) {
        throw new ClientGoneException(e);
      }
      throw e;
    } finally {
      probe.close();
      generations.forEach(Generation::cancel);
      running.remove(generations);
    }
  }

  /** A request that the engine has taken in. */
  private record Submitted(CompletionRequest request, List<Generation> generations) {}

  /** Reads a request and gives it to the engine, which tokenizes its prompts. */
  private Submitted readAndSubmit(Exchange exchange)
      throws ClientGoneException, InterruptedException {
    Object address = exchange.client().address();
    AtomicBoolean isLarge = new AtomicBoolean();
    try {
      byte[] body =
          exchange.readBody(
              () -> {
                large.enter(address);
                isLarge.set(true);
              });
      Callable<Submitted> work =
          () -> {
            CompletionRequest request =
                CompletionRequest.read(Json.readObject(body), engine.model(), options);
            return new Submitted(request, submit(request, exchange));
          };
      return isLarge.get() ? large.call(work) : work.call();
    } catch (ApiException e) {
      if (e.status() == 503) {
        exchange.responseHeader(HttpHeader.RETRY_AFTER.asString(), "1");
      }
      throw e;
    } catch (ClientGoneException | InterruptedException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    } finally {
      if (isLarge.get()) {
        large.leave(address);
      }
    }
  }

  /** Browsers send other types across sites without asking; this one they do not. */
  private static void requireJson(Exchange exchange) {
    String encoding = exchange.allOf(HttpHeader.CONTENT_ENCODING);
    if (encoding != null && !encoding.strip().equalsIgnoreCase("identity")) {
      throw ApiException.of(
          415, "unsupported_media_type", "the body has a Content-Encoding, expected none");
    }
    String type = exchange.header(HttpHeader.CONTENT_TYPE);
    String essence = type == null ? "" : type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
    if (!essence.equals(Exchange.JSON)) {
      throw ApiException.of(
          415,
          "unsupported_media_type",
          (type == null ? "there is no Content-Type" : "Content-Type is not JSON")
              + ", expected application/json");
    }
    String charset = MimeTypes.getCharsetFromContentType(type);
    if (charset != null && !charset.equalsIgnoreCase("utf-8")) {
      throw ApiException.of(
          415, "unsupported_media_type", "the body is in another charset, expected UTF-8");
    }
  }

  private List<Generation> submit(CompletionRequest request, Exchange exchange) {
    List<Generation> generations = new ArrayList<>();
    try {
      for (GenerationRequest prompt : request.prompts()) {
        generations.add(engine.submit(prompt));
      }
      return generations;
    } catch (RuntimeException e) {
      generations.forEach(Generation::cancel);
      throw switch (e) {
        case RequestRefusedException refused -> refused(refused, exchange);
        case IllegalArgumentException wrong ->
            ApiException.of(400, "invalid_value", wrong.getMessage());
        case ModelChangedException changed -> failed(changed);
        default -> e;
      };
    }
  }

  private static ApiException refused(RequestRefusedException e, Exchange exchange) {
    return switch (e.reason()) {
      case QUEUE_FULL -> {
        // Places come free with every text that ends; how soon, nobody knows.
        exchange.responseHeader(HttpHeader.RETRY_AFTER.asString(), "1");
        yield ApiException.of(429, "queue_full", e.getMessage());
      }
      case TOO_LARGE -> ApiException.of(400, "context_length_exceeded", e.getMessage());
      case SHUTTING_DOWN -> shuttingDown();
      case ENGINE_FAILED ->
          ApiException.of(503, "engine_failed", "the server has failed and serves nothing more");
    };
  }

  static ApiException shuttingDown() {
    return ApiException.of(503, "shutting_down", "the server is shutting down");
  }

  private ObjectNode whole(
      CompletionRequest request, List<Generation> generations, CompletionJson json)
      throws InterruptedException {
    Usage usage = newUsage();
    List<ObjectNode> choices = new ArrayList<>();
    Set<String> warnings = new LinkedHashSet<>();
    for (Generation generation : generations) {
      GenerationResult result = await(generation);
      warnings.addAll(result.warnings());
      usage.add(result, generation.report().cachedPromptTokens());
      choices.add(
          json.choice(choices.size(), result.text(), result.tokens(), result.finishReason()));
    }
    ObjectNode body = json.completion(choices);
    body.set("usage", usage.json());
    body.put("seed", request.seed());
    CompletionJson.putWarnings(body, warnings);
    return body;
  }

  private Usage newUsage() {
    return new Usage(engine.model().config().recursions());
  }

  /**
   * Waits for the result.
   *
   * @throws ApiException when the generation fails, or is cancelled: by the server's end, for where
   *     the client has left nobody reads this
   */
  static GenerationResult await(Generation generation) throws InterruptedException {
    try {
      GenerationResult result = generation.result().get();
      if (result.finishReason() == FinishReason.CANCELLED) {
        throw shuttingDown();
      }
      return result;
    } catch (ExecutionException e) {
      throw failed(e.getCause());
    }
  }

  /** What a client is told; where the file lies is for the log. */
  static String modelChanged(ModelChangedException changed) {
    return "the model can no longer be used: " + changed.what();
  }

  private static ApiException failed(Throwable cause) {
    String message = "the generation failed: " + cause.getMessage();
    return switch (cause) {
      case DeviceOutOfMemoryException full ->
          ApiException.unavailable("out_of_memory", message, cause);
      case DeviceException device -> ApiException.unavailable("device_failed", message, cause);
      case ModelChangedException changed ->
          ApiException.unavailable("model_changed", modelChanged(changed), cause);
      // Somebody else's words may name what is none of a client's business.
      default -> ApiException.failure("generation_failed", "the generation failed", cause);
    };
  }
}
