package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import dev.mor4j.runtime.schedule.Sequence;
import dev.mor4j.runtime.schedule.SequenceListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A request between its caller and the scheduler: checked and begun on the caller's thread,
 * everything after that on the engine's.
 */
final class RunningRequest implements SequenceListener {
  private static final long NANOS_A_MICRO = 1000;

  private final MorEngine engine;
  private final GenerationRequest request;
  private final PromptTokens prompt;
  private final int[] promptIds;
  private final RoutingSettings settings;
  private final int contextLength;
  private final GenerationStart start;
  private final long submittedNanos;
  private Generation generation;
  private Sequence sequence;
  private boolean started;
  private int cachedTokens;
  private int tokens;
  private long queuedNanos;
  private long firstTokenNanos;
  private long lastTokenNanos;

  /** Checks the request; see {@link MorEngine#submit} for what it throws. */
  RunningRequest(MorEngine engine, GenerationRequest request, PromptTokens prompt) {
    MorModel model = engine.model();
    this.engine = engine;
    this.request = request;
    this.prompt = prompt;
    this.promptIds = prompt.ids();
    model.checkIds(promptIds, promptIds.length);
    SessionOptions session = request.session();
    this.settings = model.settings(RoutingMode.THRESHOLD, session);
    this.contextLength = model.contextLength(session.contextLength());
    this.start = new GenerationStart(model, request.generation(), promptIds);
    if (promptIds.length == 0) {
      throw new IllegalArgumentException(
          "the prompt is empty and the model has no token that begins a text");
    }
    requireRoom();
    this.submittedNanos = engine.now();
  }

  private void requireRoom() {
    if (promptIds.length > contextLength) {
      throw engine
          .measures()
          .refuse(
              RequestRefusedException.Reason.TOO_LARGE,
              "the prompt has "
                  + promptIds.length
                  + " tokens, expected at most the context of "
                  + contextLength);
    }
    int longest =
        Sequence.mostTokens(promptIds.length, request.generation().maxNewTokens(), contextLength);
    long bytes = engine.scheduler().worstCaseBytes(longest, settings);
    if (bytes > engine.options().kvBytes()) {
      throw engine
          .measures()
          .refuse(
              RequestRefusedException.Reason.TOO_LARGE,
              "KV caches of "
                  + longest
                  + " tokens take up to "
                  + bytes
                  + " bytes, expected at most the budget of "
                  + engine.options().kvBytes());
    }
  }

  /** What the caller gets. */
  Generation begin(long number) {
    generation =
        new Generation(
            number,
            () -> engine.thread().post(() -> engine.scheduler().cancel(sequence)),
            start.text);
    return generation;
  }

  /** Gives itself to the scheduler; on the engine's thread, as all that follows. */
  void submit() {
    try {
      sequence = newSequence();
    } catch (RuntimeException | Error e) {
      failed(e);
      return;
    }
    engine.scheduler().submit(sequence);
  }

  private Sequence newSequence() {
    long deadline =
        request
            .deadline()
            .map(time -> submittedNanos + Math.min(nanos(time), Long.MAX_VALUE / 2))
            .orElse(Long.MAX_VALUE);
    return new Sequence(
        promptIds,
        settings,
        start.sampler(new SamplingBuffers()),
        this,
        request.priority(),
        contextLength,
        submittedNanos,
        deadline);
  }

  /** Of any length: the largest number where it has more. */
  private static long nanos(Duration duration) {
    return TimeUnit.NANOSECONDS.convert(duration);
  }

  @Override
  public void started(int cached) {
    started = true;
    cachedTokens = cached;
    queuedNanos = engine.now() - submittedNanos;
    engine.measures().queueTime.add(queuedNanos / NANOS_A_MICRO);
    engine.waitedEnough();
  }

  @Override
  public FinishReason token(int id, int depth, int position, boolean contextIsFull) {
    long now = engine.now() - submittedNanos;
    if (tokens++ == 0) {
      firstTokenNanos = now;
      engine.measures().timeToFirstToken.add(now / NANOS_A_MICRO);
    } else {
      engine.measures().betweenTokens.add((now - lastTokenNanos) / NANOS_A_MICRO);
    }
    lastTokenNanos = now;
    return generation.produce(id, depth, position, contextIsFull);
  }

  @Override
  public void ended(FinishReason reason) {
    RequestReport report = report();
    if (reason != FinishReason.CANCELLED && reason != FinishReason.DEADLINE) {
      engine.measures().requestTime.add(report.totalNanos() / NANOS_A_MICRO);
    }
    KvStatistics kv =
        sequence == null || sequence.caches() == null
            ? new KvStatistics(0, 0, 0, 0, 0)
            : engine.model().kvStatistics(sequence.computed(), sequence.caches());
    List<Integer> promptDepths = new ArrayList<>();
    for (int i = 0; i < Math.min(promptIds.length, kv.tokens()); i++) {
      promptDepths.add(sequence.depth(i));
    }
    generation.end(reason, report);
    engine.later(
        () -> {
          GenerationResult result = result(reason, kv, promptDepths);
          // What hangs on the result may do anything, close the engine for one.
          Thread.startVirtualThread(() -> generation.complete(result));
        });
    finish(reason.name(), report);
  }

  private GenerationResult result(
      FinishReason reason, KvStatistics kv, List<Integer> promptDepths) {
    return new GenerationResult(
        generation.allTokens(),
        reason,
        new GenerationResult.PromptFacts(promptIds.length, promptDepths, prompt.warnings()),
        start.seed,
        new GenerationResult.Times(
            firstTokenNanos, tokens == 0 ? 0 : lastTokenNanos - firstTokenNanos),
        kv);
  }

  @Override
  public void failed(Throwable cause) {
    RequestReport report = report();
    generation.fail(cause, report);
    Thread.startVirtualThread(() -> generation.completeExceptionally(cause));
    finish(String.valueOf(cause), report);
  }

  private RequestReport report() {
    long now = engine.now() - submittedNanos;
    return new RequestReport(
        started ? queuedNanos : now,
        firstTokenNanos,
        now,
        cachedTokens,
        sequence == null ? 0 : sequence.preemptions());
  }

  private void finish(String outcome, RequestReport report) {
    if (!started) {
      engine.waitedEnough();
    }
    RequestEvent event = new RequestEvent();
    if (event.isEnabled()) {
      event.request = generation.id();
      event.outcome = outcome;
      event.promptTokens = promptIds.length;
      event.cachedPromptTokens = report.cachedPromptTokens();
      event.generatedTokens = tokens;
      event.preemptions = report.preemptions();
      event.queuedNanos = report.queuedNanos();
      event.firstTokenNanos = report.firstTokenNanos();
      event.commit();
    }
    engine.requestEnded();
  }
}
