package dev.mor4j.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.Token;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A response of server-sent events: one for each piece of text as it comes, or for each token of a
 * model without a tokenizer; a last one for each choice with the reason of its end, the usage where
 * it was asked for, and {@code [DONE]}. Choices of several prompts come as they are generated, in
 * any order.
 */
final class CompletionStream {
  private static final byte[] DONE = "data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8);

  private final Exchange exchange;
  private final CompletionRequest request;
  private final List<Generation> generations;
  private final CompletionJson json;
  private final Usage usage;
  private final boolean hasTexts;

  /** Held while an event is written and the usage counted. */
  private final ReentrantLock lock = new ReentrantLock();

  /**
   * @param hasTexts whether the model has a tokenizer
   */
  CompletionStream(
      Exchange exchange,
      CompletionRequest request,
      List<Generation> generations,
      CompletionJson json,
      Usage usage,
      boolean hasTexts) {
    this.exchange = exchange;
    this.request = request;
    this.generations = generations;
    this.json = json;
    this.usage = usage;
    this.hasTexts = hasTexts;
  }

  /**
   * Writes all of it.
   *
   * @throws ApiException when a generation fails; where events have been sent, one that says so has
   *     ended the response
   */
  void run() throws ClientGoneException, InterruptedException {
    exchange.begin("text/event-stream; charset=utf-8");
    try {
      if (generations.size() == 1) {
        follow(0);
      } else {
        followAll();
      }
    } catch (RuntimeException e) {
      ApiException failure =
          e instanceof ApiException known
              ? known
              : ApiException.failure("internal_error", "internal error", e);
      if (exchange.responseHasBegun()) {
        exchange.write(true, event(failure.json()));
      }
      throw failure;
    }
    if (request.includeUsage()) {
      ObjectNode last = json.completion(List.of());
      last.set("usage", usage.json());
      exchange.write(false, event(last));
    }
    exchange.write(true, DONE);
  }

  private void followAll() throws ClientGoneException, InterruptedException {
    List<Callable<Void>> tasks = new ArrayList<>();
    for (int i = 0; i < generations.size(); i++) {
      int index = i;
      tasks.add(
          () -> {
            try {
              follow(index);
              return null;
            } finally {
              if (!generations.get(index).result().isDone()) {
                // Nobody listens to the others any more either.
                generations.forEach(Generation::cancel);
              }
            }
          });
    }
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Void> task : threads.invokeAll(tasks)) {
        task.get();
      }
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case ApiException failure -> throw failure;
        case ClientGoneException gone -> throw gone;
        default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  private void follow(int index) throws ClientGoneException, InterruptedException {
    Generation generation = generations.get(index);
    List<Token> unsaid = new ArrayList<>();
    try {
      while (generation.hasNext()) {
        Token token = generation.next();
        unsaid.add(token);
        // Where tokens make a character together, or may begin a stop string, only the last has
        // text.
        if (!hasTexts || !token.text().isEmpty()) {
          write(json.choice(index, token.text(), unsaid, null), null);
          unsaid.clear();
        }
      }
    } catch (IllegalStateException e) {
      // The generation has failed; its result says how.
    }
    GenerationResult result = CompletionHandler.await(generation);
    write(json.choice(index, "", unsaid, result.finishReason()), result);
  }

  /** Writes a choice's piece; the last one with its result. */
  private void write(ObjectNode choice, GenerationResult result)
      throws ClientGoneException, InterruptedException {
    ObjectNode piece = json.completion(List.of(choice));
    if (request.includeUsage()) {
      piece.putNull("usage");
    }
    lock.lock();
    try {
      if (result != null) {
        piece.put("seed", request.seed());
        CompletionJson.putWarnings(piece, result.warnings());
        int index = choice.get("index").intValue();
        usage.add(result, generations.get(index).report().cachedPromptTokens());
      }
      exchange.write(false, event(piece));
    } finally {
      lock.unlock();
    }
  }

  private static byte[] event(ObjectNode node) {
    byte[] prefix = "data: ".getBytes(StandardCharsets.US_ASCII);
    byte[] body = Json.bytes(node);
    byte[] event = new byte[prefix.length + body.length + 2];
    System.arraycopy(prefix, 0, event, 0, prefix.length);
    System.arraycopy(body, 0, event, prefix.length, body.length);
    event[event.length - 2] = '\n';
    event[event.length - 1] = '\n';
    return event;
  }
}
