package dev.mor4j.cli.load;

import dev.mor4j.runtime.Generation;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.RequestRefusedException;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.engine.FinishReason;
import java.util.Optional;

/** An engine in this process, borrowed. */
public final class EngineTarget implements LoadTarget {
  private final MorEngine engine;
  private final SessionOptions session;

  /**
   * @param engine which the caller closes
   * @param session recursions, threshold and context of each request
   */
  public EngineTarget(MorEngine engine, SessionOptions session) {
    this.engine = engine;
    this.session = session;
  }

  @Override
  public Optional<MorEngine> engine() {
    return Optional.of(engine);
  }

  @Override
  public RequestEnd run(PlannedRequest request, Exchange exchange) {
    try {
      Generation generation = engine.submit(engineRequest(request));
      exchange.cancelWith(generation::cancel);
      return read(request, generation, exchange);
    } catch (RequestRefusedException e) {
      // A busy engine refuses; one that shuts down under load was not asked to.
      return e.reason() == RequestRefusedException.Reason.SHUTTING_DOWN && !exchange.isCut()
          ? RequestEnd.failed(RequestEnd.label(e.reason()), e.getMessage())
          : RequestEnd.refused(RequestEnd.label(e.reason()));
    } catch (RuntimeException e) {
      // What failed in the engine comes wrapped; that is what there is to count.
      return RequestEnd.failed(e.getCause() == null ? e : e.getCause());
    }
  }

  private static RequestEnd read(PlannedRequest request, Generation generation, Exchange exchange) {
    if (request.cancelledAt(0)) {
      generation.cancel();
    }
    while (generation.hasNext()) {
      generation.next();
      exchange.token();
      if (request.cancelledAt(exchange.tokens())) {
        generation.cancel();
      }
    }
    GenerationResult result = generation.result().join();
    int tokens = result.tokens().size();
    FinishReason reason = result.finishReason();
    int most = request.maxNewTokens();
    boolean fits = reason == FinishReason.LENGTH ? tokens == most : tokens <= most;
    if (tokens != exchange.tokens() || !fits) {
      return RequestEnd.failed(
          "wrong_length",
          "a request for "
              + most
              + " tokens ended with "
              + reason
              + " after "
              + tokens
              + ", of which "
              + exchange.tokens()
              + " came");
    }
    return RequestEnd.of(
        ending(reason, request, exchange),
        reason,
        result.promptTokens(),
        tokens,
        generation.report().queuedNanos());
  }

  private static Ending ending(FinishReason reason, PlannedRequest request, Exchange exchange) {
    return switch (reason) {
      case END_OF_TEXT, STOP, LENGTH, CONTEXT_FULL -> Ending.COMPLETED;
      case DEADLINE -> request.deadline().isPresent() ? Ending.DEADLINE : Ending.FAILED;
      case CANCELLED ->
          exchange.isCut()
              ? Ending.CUT
              : request.cancelAfter() != PlannedRequest.NEVER ? Ending.CANCELLED : Ending.FAILED;
    };
  }

  private GenerationRequest engineRequest(PlannedRequest request) {
    GenerationOptions options =
        (request.temperature() == 0 ? GenerationOptions.greedy() : GenerationOptions.defaults())
            .withTemperature(request.temperature())
            .withTopP(1)
            .withMaxNewTokens(request.maxNewTokens())
            .withSeed(request.seed());
    GenerationRequest made =
        switch (request.prompt()) {
          case Prompt.Ids ids -> GenerationRequest.of(ids.ids());
          case Prompt.Text text -> GenerationRequest.of(text.text());
        };
    made = made.withGeneration(options).withSession(session);
    return request.deadline().isPresent() ? made.withDeadline(request.deadline().get()) : made;
  }
}
