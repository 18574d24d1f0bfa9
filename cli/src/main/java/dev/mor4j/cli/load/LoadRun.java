package dev.mor4j.cli.load;

import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.engine.EngineStep;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Puts a target under load, one stage after another. One thread runs stages; any may stop them.
 * What it keeps grows with the requests in flight, not with those that have ended.
 */
public final class LoadRun {
  private static final long CUT_LIMIT = TimeUnit.SECONDS.toNanos(30);
  private static final long IDLE_LIMIT = TimeUnit.SECONDS.toNanos(5);

  private final LoadTarget target;
  private final Workload workload;
  private final long drainLimit;
  private final WatchedProcess process;
  private final LoadProgress progress;
  private StageArrivals current;
  private boolean stopped;

  /**
   * @param target to put under load; borrowed
   * @param workload what requests are drawn from
   * @param drainLimit how long requests may take to end after the last was sent; then they are cut
   * @param process that serves
   * @param progress hears of stages every ten seconds
   */
  public LoadRun(
      LoadTarget target,
      Workload workload,
      Duration drainLimit,
      WatchedProcess process,
      LoadProgress progress) {
    this.target = target;
    this.workload = workload;
    this.drainLimit = drainLimit.toNanos();
    this.process = process;
    this.progress = progress;
  }

  /** Ends the stage that runs, and its requests, early, and runs no other. */
  public synchronized void stop() {
    stopped = true;
    if (current != null) {
      current.stop();
    }
  }

  /** Whether {@link #stop()} was called. */
  public synchronized boolean isStopped() {
    return stopped;
  }

  /** Runs a stage to its end. */
  public StageResult run(LoadStage stage) throws InterruptedException {
    Optional<MorEngine> engine = target.engine();
    Optional<EngineStatistics> before = engine.map(MorEngine::statistics);
    StageMeasures measures = new StageMeasures();
    InFlight inFlight = new InFlight();
    StageArrivals arrivals =
        new StageArrivals(
            stage, new LoadPlan(workload, stage.number()), target, measures, inFlight);
    begin(arrivals);
    long begin = System.nanoTime();
    try (Sampler sampler = new Sampler(stage, measures, engine, process, progress, begin)) {
      ProcessorUse.Reading processors = ProcessorUse.Reading.of(process);
      arrivals.run(begin);
      ProcessorUse use = ProcessorUse.between(processors, ProcessorUse.Reading.of(process));
      long arrivalsEnd = sampler.sample().nanos();
      List<EngineStep> timeline =
          engine.isEmpty() ? List.of() : timeline(engine.get(), before.orElseThrow());
      if (!inFlight.awaitNone(drainLimit, this::isStopped)) {
        inFlight.cut();
        inFlight.awaitNone(CUT_LIMIT, () -> false);
      }
      long end = sampler.sample().nanos();
      Counts counts = measures.counts();
      StageCheck check = new StageCheck(counts).clients(inFlight.size(), measures.failures());
      Optional<EngineWork> work = Optional.empty();
      if (engine.isPresent()) {
        EngineStatistics after = idle(engine.get());
        work = Optional.of(EngineWork.between(before.orElseThrow(), after));
        check.engine(work.get(), after);
      }
      Latencies latencies = measures.latencies();
      List<Sample> samples = sampler.samples();
      return new StageResult(
          stage,
          counts,
          latencies,
          new StageResult.Times(
              arrivalsEnd,
              end,
              SteadyWindow.of(samples, arrivalsEnd, latencies.endToEnd().meanMicros() * 1e3)),
          new StageResult.Watched(samples, sampler.peaks(), use),
          new StageResult.Engine(work, timeline),
          new StageResult.Verdict(check.problems(), isStopped()));
    }
  }

  private synchronized void begin(StageArrivals arrivals) {
    current = arrivals;
    if (stopped) {
      arrivals.stop();
    }
  }

  /** The passes since {@code before}; the engine remembers older ones, too. */
  private static List<EngineStep> timeline(MorEngine engine, EngineStatistics before) {
    return engine.timeline().stream().filter(step -> step.number() >= before.passes()).toList();
  }

  /** A client may know of its end a moment before the engine's books do. */
  private static EngineStatistics idle(MorEngine engine) throws InterruptedException {
    long begin = System.nanoTime();
    while (true) {
      EngineStatistics now = engine.statistics();
      boolean idle = now.running() == 0 && now.queued() == 0 && now.kvPromisedBytes() == 0;
      if (idle || System.nanoTime() - begin > IDLE_LIMIT) {
        return now;
      }
      Thread.sleep(10);
    }
  }
}
