package dev.mor4j.cli.soak;

import dev.mor4j.cli.load.WatchedProcess;
import dev.mor4j.cli.soak.SoakCounts.Outcome;
import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.RequestRefusedException;
import dev.mor4j.runtime.Tokenizer;
import dev.mor4j.server.MorServer;
import dev.mor4j.server.ServerOptions;
import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Serves an engine in this process over HTTP and keeps it under mixed load for a long time: prompts
 * of all lengths, common beginnings, streams and whole answers, slow readers, clients that leave,
 * bodies that are cut; for a sixth of the time more clients than the engine takes in. Now and then
 * all clients pause; then the engine's books must add up with those of the clients, and what the
 * process holds is written down. One thread.
 */
public final class Soak {
  private static final int SAMPLES = 60;
  private static final long MOST_NANOS_A_SAMPLE = TimeUnit.MINUTES.toNanos(1);
  private static final long LEAST_NANOS_A_SAMPLE = TimeUnit.SECONDS.toNanos(3);
  private static final long QUIET_LIMIT = TimeUnit.SECONDS.toNanos(60);
  private static final int SETTLE_MILLIS = 300;
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(30);

  private final MorEngine engine;
  private final List<SoakKind> kinds;
  private final long nanos;
  private final long seed;
  private final Consumer<String> progress;
  private final SoakCounts counts = new SoakCounts();
  private final List<SoakSample> samples = new ArrayList<>();
  private final AtomicReference<Throwable> serverFailure = new AtomicReference<>();

  /**
   * @param engine to serve; borrowed
   * @param tokenizer of its model
   * @param progress is told of each sample
   */
  public Soak(
      MorEngine engine,
      Tokenizer tokenizer,
      Duration duration,
      long seed,
      Consumer<String> progress)
      throws IOException {
    this.engine = engine;
    this.kinds = SoakKind.of(engine.model(), tokenizer, seed);
    this.nanos = duration.toNanos();
    this.seed = seed;
    this.progress = progress;
  }

  /** Runs to the end of its time. */
  public SoakReport run() throws IOException, InterruptedException {
    // A client that uses a connection again in the moment in which the server closes it for having
    // been idle would lose a request, and neither side would be to blame.
    System.setProperty("jdk.httpclient.keepalive.timeout", "3");
    ServerOptions options = ServerOptions.of("soak").withAddress("127.0.0.1", 0);
    long begin = System.nanoTime();
    try (MorServer server = MorServer.start(engine, options, this::note)) {
      long interval = Math.clamp(nanos / SAMPLES, LEAST_NANOS_A_SAMPLE, MOST_NANOS_A_SAMPLE);
      for (int round = 0; System.nanoTime() - begin < nanos; round++) {
        int few = engine.options().maxSequences() + engine.options().maxSequences() / 2;
        int many = engine.options().maxSequences() + 2 * engine.options().maxQueued();
        load(server, 2 * round, few, interval * 5 / 6);
        load(server, 2 * round + 1, many, interval / 6);
        awaitQuiet();
        checkBooks();
        sample(begin);
        if (!counts.problems().isEmpty()) {
          // What is wrong does not get better; what led to it is fresh now.
          break;
        }
      }
    }
    return new SoakReport(engine, samples, counts, (System.nanoTime() - begin) / 1e9);
  }

  /** An error that no client has made. */
  private void note(Throwable failure) {
    serverFailure.compareAndSet(null, failure);
  }

  /** Connections end with the phase, so that a sample does not see those that wait for use. */
  private void load(MorServer server, int phase, int clients, long time)
      throws InterruptedException {
    long end = System.nanoTime() + time;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        HttpClient http =
            HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_LIMIT)
                .executor(threads)
                .build()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        SplittableRandom random = new SplittableRandom(seed + 1_000_003L * phase + i);
        SoakClient client = new SoakClient(http, server.uri(), kinds, counts, random);
        running.add(threads.submit(() -> client.run(end)));
      }
      for (Future<?> client : running) {
        try {
          client.get();
        } catch (ExecutionException e) {
          counts.problem("a client ended with " + e.getCause());
        }
      }
    }
  }

  /** The server learns that a client has left a moment later. */
  private void awaitQuiet() throws InterruptedException {
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < QUIET_LIMIT) {
      EngineStatistics now = engine.statistics();
      if (now.running() == 0 && now.queued() == 0 && now.kvPromisedBytes() == 0) {
        // For connections that were closed a moment ago.
        Thread.sleep(SETTLE_MILLIS);
        return;
      }
      Thread.sleep(10);
    }
  }

  private void checkBooks() {
    EngineStatistics now = engine.statistics();
    equal("requests ended", counts.ended(), "sent", counts.requests());
    equal("requests run", now.running(), "should", 0);
    equal("requests wait", now.queued(), "should", 0);
    equal("bytes of KV pages are promised", now.kvPromisedBytes(), "should be", 0);
    equal(
        "bytes of KV pages are held",
        now.kvHeldBytes(),
        "are the prefix cache's",
        now.kvPrefixBytes());
    long finished = now.finished().values().stream().mapToLong(Long::longValue).sum();
    equal("requests finished", finished, "were taken in", now.submitted());
    equal("requests failed in the engine", now.failed(), "should", 0);
    long taken = counts.of(Outcome.COMPLETED) + counts.of(Outcome.DISCONNECTED);
    equal("requests were taken in", now.submitted(), "were seen by clients", taken);
    long refused = 0;
    for (RequestRefusedException.Reason reason : RequestRefusedException.Reason.values()) {
      refused += now.refused().get(reason);
    }
    if (refused > counts.of(Outcome.REFUSED)) {
      counts.problem(
          refused
              + " requests were refused by the engine, clients saw "
              + counts.of(Outcome.REFUSED));
    }
    Throwable failure = serverFailure.get();
    if (failure != null) {
      counts.problem("the server failed: " + failure);
    }
  }

  private void equal(String what, long found, String than, long expected) {
    if (found != expected) {
      counts.problem(found + " " + what + ", " + expected + " " + than);
    }
  }

  private void sample(long begin) {
    double seconds = (System.nanoTime() - begin) / 1e9;
    SoakSample sample =
        SoakSample.take(seconds, WatchedProcess.self().residentBytes(), counts.requests());
    samples.add(sample);
    StringBuilder text = new StringBuilder();
    text.append(Math.round(seconds)).append(" s: ").append(sample.requests()).append(" requests");
    for (SoakMeasure measure : SoakMeasure.values()) {
      text.append(", ")
          .append(measure.label())
          .append(' ')
          .append(measure.text(measure.of(sample)));
    }
    progress.accept(text.toString());
  }
}
