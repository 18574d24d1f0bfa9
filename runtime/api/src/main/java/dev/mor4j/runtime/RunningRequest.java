package dev.mor4j.runtime;

import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import dev.mor4j.runtime.schedule.FlightRecorder;
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

  /** Of a request that failed when there was no memory to say more. */
  private static final RequestReport UNKNOWN = new RequestReport(0, 0, 0, 0, 0);

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
  private KvStatistics kv;
  private final List<Integer> promptDepths = new ArrayList<>();

  /** It has ended or failed: nothing more is said of it. */
  private boolean isOver;

  /** Why there is no result; null where there is one. */
  private Throwable failure;

  /** For {@link Completions}. */
  RunningRequest nextKept;

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
    generation = new Generation(number, () -> engine.thread().post(this::cancel), start.text);
    return generation;
  }

  /** Gives itself to the scheduler; on the engine's thread, as all that follows. */
  void submit() {
    Throwable engineFailure = engine.thread().failure();
    if (engineFailure != null) {
      failed(engineFailure);
      return;
    }
    try {
      Sequence made = newSequence();
      engine.scheduler().submit(made);
      sequence = made;
    } catch (RuntimeException | Error e) {
      failed(e);
    }
  }

  /** Ends a request that the engine's thread did not take any more; on its caller's thread. */
  void endUnsubmitted() {
    Throwable engineFailure = engine.thread().failure();
    if (engineFailure != null) {
      failed(engineFailure);
    } else {
      ended(FinishReason.CANCELLED);
    }
  }

  private void cancel() {
    if (sequence != null) {
      engine.scheduler().cancel(sequence);
    }
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
    engine.waitedEnough();
    cachedTokens = cached;
    queuedNanos = engine.now() - submittedNanos;
    engine.measures().queueTime.add(queuedNanos / NANOS_A_MICRO);
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
    kv =
        sequence == null || sequence.caches() == null
            ? new KvStatistics(0, 0, 0, 0, 0)
            : engine.model().kvStatistics(sequence.computed(), sequence.caches());
    for (int i = 0; i < Math.min(promptIds.length, kv.tokens()); i++) {
      promptDepths.add(sequence.depth(i));
    }
    // Until here it may fail, and is told so by failed; from here on it has ended.
    isOver = true;
    try {
      generation.end(reason, report);
      if (reason != FinishReason.CANCELLED && reason != FinishReason.DEADLINE) {
        engine.measures().requestTime.add(report.totalNanos() / NANOS_A_MICRO);
      }
    } finally {
      engine.completions().add(this);
      finish(reason, report);
    }
  }

  @Override
  public void failed(Throwable cause) {
    if (isOver) {
      return;
    }
    isOver = true;
    failure = cause;
    RequestReport report = reportIfRoom();
    try {
      if (generation != null) {
        generation.fail(cause, report);
      }
    } finally {
      if (generation != null) {
        engine.completions().add(this);
      }
      finish(cause, report);
    }
  }

  /**
   * Makes the result of a request that has ended and gives it to those who wait; on a thread of its
   * own. Whatever fails meanwhile is what they get.
   */
  void deliver() {
    GenerationResult result = null;
    try {
      if (failure == null) {
        result = result();
      }
    } catch (RuntimeException | Error e) {
      failure = e;
    } finally {
      engine.completions().made();
    }
    generation.complete(result, failure);
  }

  private GenerationResult result() {
    return new GenerationResult(
        generation.allTokens(),
        generation.reason(),
        new GenerationResult.PromptFacts(promptIds.length, promptDepths, prompt.warnings()),
        start.seed,
        new GenerationResult.Times(
            firstTokenNanos, tokens == 0 ? 0 : lastTokenNanos - firstTokenNanos),
        kv);
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

  private RequestReport reportIfRoom() {
    try {
      return report();
    } catch (OutOfMemoryError e) {
      return UNKNOWN;
    }
  }

  /** What is left to do, whatever is thrown meanwhile. */
  private void finish(Object outcome, RequestReport report) {
    try {
      if (!started) {
        engine.waitedEnough();
      }
      FlightRecorder.tell(
          () ->
              RequestEvent.commit(
                  generation.id(), String.valueOf(outcome), promptIds.length, tokens, report));
    } catch (RuntimeException | Error e) {
      // Telling of it is not worth more than its end.
    } finally {
      engine.requestEnded();
    }
  }
}
