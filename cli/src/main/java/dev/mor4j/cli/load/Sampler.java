package dev.mor4j.cli.load;

import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.MorEngine;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Takes samples of a stage on a thread of its own, and reports progress. Owns the thread, which
 * {@link #close()} ends and waits for.
 */
final class Sampler implements AutoCloseable {
  private static final long INTERVAL = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long PROGRESS_INTERVAL = TimeUnit.SECONDS.toNanos(10);

  private final LoadStage stage;
  private final StageMeasures measures;
  private final Optional<MorEngine> engine;
  private final WatchedProcess process;
  private final LoadProgress progress;
  private final long begin;
  private final SampleSeries series = new SampleSeries(INTERVAL);
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread thread;
  private Sample reported;

  /** Begins to sample. */
  Sampler(
      LoadStage stage,
      StageMeasures measures,
      Optional<MorEngine> engine,
      WatchedProcess process,
      LoadProgress progress,
      long begin) {
    this.stage = stage;
    this.measures = measures;
    this.engine = engine;
    this.process = process;
    this.progress = progress;
    this.begin = begin;
    this.reported = sample();
    this.thread = Thread.ofPlatform().daemon().name("mor4j-load-samples").start(this::loop);
  }

  private void loop() {
    try {
      while (!closed.await(INTERVAL, TimeUnit.NANOSECONDS)) {
        tick();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void tick() {
    Sample now;
    synchronized (this) {
      if (!series.isDue(System.nanoTime() - begin)) {
        return;
      }
      now = sample();
    }
    long since = now.nanos() - reported.nanos();
    if (since >= PROGRESS_INTERVAL) {
      progress.report(
          stage, now, (now.totals().tokens() - reported.totals().tokens()) * 1e9 / since);
      reported = now;
    }
  }

  /** Takes a sample now. */
  synchronized Sample sample() {
    Sample sample =
        new Sample(
            System.nanoTime() - begin,
            measures.totals(),
            engine.map(one -> Sampler.of(one.statistics())).orElse(Sample.Engine.UNKNOWN),
            process.residentBytes(),
            WatchedProcess.heapBytes());
    series.add(sample);
    return sample;
  }

  private static Sample.Engine of(EngineStatistics statistics) {
    return new Sample.Engine(
        statistics.queued(),
        statistics.running(),
        statistics.kvHeldBytes(),
        statistics.kvHeldBytes() - statistics.kvPrefixBytes());
  }

  synchronized List<Sample> samples() {
    return series.samples();
  }

  synchronized Peaks peaks() {
    return series.peaks();
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      thread.join();
    } catch (InterruptedException e) {
      // It ends by itself within a sample.
      Thread.currentThread().interrupt();
    }
  }
}
