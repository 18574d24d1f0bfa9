package dev.mor4j.runtime;

import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.device.DeviceOutOfMemoryException;
import dev.mor4j.runtime.engine.EngineStep;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.format.ModelChangedException;
import dev.mor4j.runtime.forward.BufferPool;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.schedule.Scheduler;
import dev.mor4j.runtime.text.codec.TooManyTokensException;
import java.lang.ref.Reference;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Serves many requests of one model at the same time by continuous depth-wise batching (section 3.3
 * of arXiv 2507.10524): sequences at different recursion depths share the passes of the block. Any
 * thread submits; one thread of the engine computes.
 *
 * <pre>{@code
 * try (MorModel model = MorModel.open(folder);
 *     MorEngine engine = model.newEngine(EngineOptions.defaults())) {
 *   Generation generation = engine.submit(GenerationRequest.of("Once upon a time"));
 *   while (generation.hasNext()) {
 *     System.out.print(generation.next().text());
 *   }
 * }
 * }</pre>
 *
 * <p>A request's tokens, depths and logits are those it has alone in a session with the same
 * options, bit for bit, whatever runs beside it.
 *
 * <p>Owns its KV pages, at most {@link EngineOptions#kvBytes()} of them lent at a time, and the
 * activations of its steps. {@link #close()} gives both back.
 */
public final class MorEngine implements AutoCloseable {
  private final MorModel model;
  private final EngineOptions options;
  private final Scheduler scheduler;
  private final EngineThread thread;
  private final EngineMeasures measures = new EngineMeasures();
  private final long origin = System.nanoTime();
  private final EngineResources resources;

  /** Makes the results of requests that have ended: texts, for which the engine has no time. */
  private final Completions completions = new Completions();

  /** Requests taken in that have not run yet. */
  private final AtomicInteger waiting = new AtomicInteger();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition allEnded = lock.newCondition();

  /** Guarded by {@link #lock}, as what follows. */
  private boolean accepting = true;

  private boolean closed;
  private long taken;
  private long ended;

  /** What it had done when it was closed; null before. */
  private volatile EngineStatistics lastStatistics;

  /**
   * For {@link MorModel#newEngine}.
   *
   * @param use its place among the model's users; where this throws, the caller leaves it
   */
  MorEngine(MorModel model, EngineOptions options, ModelResources.Use use) {
    this.model = model;
    KvPools pools = model.newKvPools();
    BufferPool bufferPool = model.newBuffers(options.stepTokens());
    EngineMemory memory = null;
    EngineResources owned = null;
    try {
      PassBuffers buffers = bufferPool.take();
      memory = EngineMemory.of(model, options, pools);
      this.options = options.withKvBytes(memory.kvBytes());
      this.scheduler =
          new Scheduler(
              this.options.scheduling(),
              model.forward(),
              buffers,
              pools,
              model.config().recursions(),
              clock(origin));
      requireDeviceMemory();
      this.thread = new EngineThread("mor4j-engine", scheduler, completions);
      owned =
          new EngineResources(
              model.resources(), use, thread, completions, bufferPool, pools, memory);
      this.resources = owned;
      Forgotten.watch(this, owned);
      thread.start();
    } catch (RuntimeException | Error e) {
      if (owned == null) {
        if (memory != null) {
          memory.release();
        }
        bufferPool.close();
        pools.close();
      } else {
        owned.giveBack();
      }
      throw e;
    }
  }

  /** Does not refer to the engine, which its thread must not keep reachable. */
  private static LongSupplier clock(long origin) {
    return () -> System.nanoTime() - origin;
  }

  /** Rather now than when the pages are taken that are not there. */
  private void requireDeviceMemory() {
    long available = model.availableKvBytes();
    if (options.kvBytes() > available) {
      throw new DeviceOutOfMemoryException(
          "no room on the GPU for KV caches of "
              + options.kvBytes()
              + " bytes (kvBytes): "
              + available
              + " bytes are free beside weights and activations",
          options.kvBytes(),
          available,
          null);
    }
  }

  /** Nanoseconds since the engine was made. */
  long now() {
    return System.nanoTime() - origin;
  }

  /** The model that it serves. */
  public MorModel model() {
    return model;
  }

  public EngineOptions options() {
    return options;
  }

  /**
   * Takes a request in. Encodes a text prompt on the calling thread; does not wait.
   *
   * @throws RequestRefusedException when too many wait, when the request could never run, or when
   *     the engine takes none in any more, because it is closed or has failed for good
   * @throws IllegalArgumentException when an option is not one that the model has, or a token id is
   *     out of range, or the prompt is empty
   * @throws IllegalStateException when a text or a stop string is given and the model has no
   *     tokenizer
   * @throws ModelChangedException when the weight file is not what was opened; requests that wait
   *     or run end with the same exception where they read what is not there
   */
  public Generation submit(GenerationRequest request) {
    Objects.requireNonNull(request, "request");
    requireNoFailure();
    model.checks().beforeRequest();
    RunningRequest running = new RunningRequest(this, request, promptTokens(request));
    if (!reserveWait()) {
      throw measures.refuse(
          RequestRefusedException.Reason.QUEUE_FULL,
          options.maxQueued() + " requests wait already, the most that may");
    }
    long number;
    lock.lock();
    try {
      if (!accepting) {
        waiting.decrementAndGet();
        throw measures.refuse(
            RequestRefusedException.Reason.SHUTTING_DOWN, "the engine takes no more requests in");
      }
      taken++;
      number = measures.submitted.incrementAndGet();
    } finally {
      lock.unlock();
    }
    try {
      Generation generation = running.begin(number);
      if (!thread.post(running::submit)) {
        running.endUnsubmitted();
      }
      return generation;
    } catch (RuntimeException | Error e) {
      // It was counted, and nobody else will end it.
      running.failed(e);
      throw e;
    }
  }

  private void requireNoFailure() {
    Throwable failure = thread.failure();
    if (failure != null) {
      throw measures.refuse(
          RequestRefusedException.Reason.ENGINE_FAILED,
          "the engine has failed for good: " + failure,
          failure);
    }
  }

  private PromptTokens promptTokens(GenerationRequest request) {
    if (request.promptIds().isPresent()) {
      return PromptTokens.of(request.promptIds().get());
    }
    int most = model.contextLength(request.session().contextLength());
    try {
      return model.promptIds(request.prompt().orElseThrow(), request.generation(), true, most);
    } catch (TooManyTokensException e) {
      throw measures.refuse(
          RequestRefusedException.Reason.TOO_LARGE,
          "the prompt has more tokens than the context of " + most + " holds");
    }
  }

  private boolean reserveWait() {
    while (true) {
      int now = waiting.get();
      if (now >= options.maxQueued()) {
        return false;
      }
      if (waiting.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  EngineMeasures measures() {
    return measures;
  }

  Scheduler scheduler() {
    return scheduler;
  }

  EngineThread thread() {
    return thread;
  }

  /** A request that waited runs, or has ended without. */
  void waitedEnough() {
    waiting.decrementAndGet();
  }

  Completions completions() {
    return completions;
  }

  /** A request has ended: nothing more is said of it. */
  void requestEnded() {
    lock.lock();
    try {
      ended++;
      if (ended == taken) {
        allEnded.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** What it has done and does now; once closed, what it had done then. */
  public EngineStatistics statistics() {
    EngineStatistics now = thread.ask(this::takeStatistics);
    EngineStatistics last = lastStatistics;
    return last == null ? now : last;
  }

  private EngineStatistics takeStatistics() {
    return new EngineStatistics(
        measures, scheduler.counters(), scheduler.state(), options.kvBytes());
  }

  /**
   * The error after which the GPU computes nothing more, if there was one. Every request fails from
   * then on; close the engine and the model, and open the model again. Running out of GPU memory is
   * no such error: the engine goes on when memory is free again.
   */
  public Optional<DeviceException> deviceFailure() {
    return Optional.ofNullable(thread.deviceFailure());
  }

  /**
   * The error after which the engine serves nothing more, if there was one: {@link
   * #deviceFailure()}, or an error while the requests that another one had hit were being ended.
   * Every request has ended with the first cause then, and {@link #submit} refuses new ones; {@link
   * #statistics()} and {@link #close()} work. Close the engine and make a new one. An error of a
   * single step or request is none: it ends those that it has hit, and the engine goes on.
   */
  public Optional<Throwable> failure() {
    Throwable failure = thread.failure();
    return Optional.ofNullable(failure == null ? thread.deviceFailure() : failure);
  }

  /** The last passes of the block, oldest first, at most some thousand. */
  public List<EngineStep> timeline() {
    return thread.ask(() -> scheduler.counters().timeline());
  }

  /**
   * Takes no more requests in and finishes those it has; may be called again.
   *
   * @param limit how long to wait
   * @return whether all have ended
   */
  public boolean drain(Duration limit) throws InterruptedException {
    Objects.requireNonNull(limit, "limit");
    long left = TimeUnit.NANOSECONDS.convert(limit);
    lock.lockInterruptibly();
    try {
      accepting = false;
      while (ended < taken && left > 0) {
        left = allEnded.awaitNanos(left);
      }
      return ended == taken;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends every request that waits or runs with {@link FinishReason#CANCELLED} and gives all memory
   * back. To let requests finish, call {@link #drain} first. May be called again, and by any
   * thread, also by a callback of {@link Generation#result()}.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      accepting = false;
      if (closed) {
        return;
      }
      closed = true;
    } finally {
      lock.unlock();
    }
    try {
      thread.post(
          () -> {
            scheduler.cancelAll();
            lastStatistics = takeStatistics();
          });
    } finally {
      giveBack();
    }
  }

  private void giveBack() {
    try {
      resources.giveBack();
    } finally {
      // Until here: what is being closed is not forgotten.
      Reference.reachabilityFence(this);
    }
  }

  /** The model and what the engine does now. */
  @Override
  public String toString() {
    lock.lock();
    try {
      return "MorEngine["
          + model.folder()
          + ", "
          + (taken - ended)
          + " requests taken in and not ended, "
          + ended
          + " ended, "
          + options
          + (closed ? ", closed]" : "]");
    } finally {
      lock.unlock();
    }
  }
}
