package dev.mor4j.server;

import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.LatencyHistogram;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.OffHeapMemory;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.InfoSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** {@code /metrics}: what the engine has counted, in Prometheus' text format. Any thread. */
final class EngineMetrics {
  static final String CONTENT_TYPE = PrometheusTextFormatWriter.CONTENT_TYPE;

  /** Upper ends of the buckets of all latencies, in microseconds. */
  private static final long[] BUCKET_MICROS = {
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000
  };

  private final MorEngine engine;
  private final String modelName;
  private final Connections connections;
  private final Map<Integer, LongAdder> responses = new ConcurrentSkipListMap<>();

  EngineMetrics(MorEngine engine, String modelName, Connections connections) {
    this.engine = engine;
    this.modelName = modelName;
    this.connections = connections;
  }

  /** Counts a response. */
  void responded(int status) {
    responses.computeIfAbsent(status, code -> new LongAdder()).increment();
  }

  /** The page. */
  byte[] text() {
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    EngineStatistics now = engine.statistics();
    requests(now, all);
    connections(connections.counts(), all);
    tokens(now, all);
    memory(now, all);
    latencies(now, all);
    model(all);
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    try {
      PrometheusTextFormatWriter.create()
          .write(text, all.build(), EscapingScheme.UNDERSCORE_ESCAPING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toByteArray();
  }

  private void requests(EngineStatistics now, MetricSnapshots.Builder all) {
    all.metricSnapshot(counter("requests_submitted", "Requests taken in", now.submitted()));
    CounterSnapshot.Builder refused = counters("requests_refused", "Requests refused");
    now.refused().forEach((reason, count) -> add(refused, "reason", label(reason), count));
    CounterSnapshot.Builder finished =
        counters("requests_finished", "Requests ended by themselves");
    now.finished().forEach((reason, count) -> add(finished, "reason", label(reason), count));
    CounterSnapshot.Builder byStatus =
        counters("http_responses", "Responses; 499 where the client left");
    responses.forEach((status, count) -> add(byStatus, "code", status.toString(), count.sum()));
    all.metricSnapshot(refused.build()).metricSnapshot(finished.build());
    all.metricSnapshot(byStatus.build());
    all.metricSnapshot(counter("requests_failed", "Requests ended by an error", now.failed()));
    all.metricSnapshot(
        counter(
            "requests_out_of_memory",
            "Requests ended for want of memory on a device",
            now.outOfMemory()));
    all.metricSnapshot(
        counter("preemptions", "Sequences that gave their pages up", now.preemptions()));
    all.metricSnapshot(gauge("requests_queued", "Requests that wait", now.queued()));
    all.metricSnapshot(gauge("sequences_running", "Sequences that run", now.running()));
  }

  private static void connections(Connections.Counts now, MetricSnapshots.Builder all) {
    GaugeSnapshot.Builder open =
        GaugeSnapshot.builder().name("mor4j_http_connections").help("Connections, by state");
    add(open, "state", "waiting", now.waiting());
    add(open, "state", "working", now.working());
    all.metricSnapshot(open.build());
    all.metricSnapshot(
        counter("http_connections_closed", "Connections closed to make room", now.closed()));
  }

  private static void tokens(EngineStatistics now, MetricSnapshots.Builder all) {
    GaugeSnapshot.Builder rows =
        GaugeSnapshot.builder().name("mor4j_block_rows").help("Rows in the block, by recursion");
    for (int r = 0; r < now.activeRows().size(); r++) {
      add(rows, "recursion", Integer.toString(r + 1), now.activeRows().get(r));
    }
    CounterSnapshot.Builder depths =
        counters("generated_tokens_at_depth", "Tokens generated, by recursions taken");
    for (int d = 0; d < now.generatedAtDepth().size(); d++) {
      add(depths, "depth", Integer.toString(d + 1), now.generatedAtDepth().get(d));
    }
    all.metricSnapshot(rows.build()).metricSnapshot(depths.build());
    all.metricSnapshot(
        gauge("exits_waiting", "Tokens that wait to leave with others", now.waitingExits()));
    all.metricSnapshot(counter("prompt_tokens", "Tokens of prompts", now.promptTokens()));
    all.metricSnapshot(
        counter(
            "prompt_tokens_cached",
            "Tokens of prompts found in the prefix cache",
            now.cachedPromptTokens()));
    all.metricSnapshot(counter("generated_tokens", "Tokens generated", now.generatedTokens()));
    all.metricSnapshot(counter("passes", "Passes of the block", now.passes()));
    all.metricSnapshot(counter("pass_rows", "Rows of all passes", now.passRows()));
  }

  private static void memory(EngineStatistics now, MetricSnapshots.Builder all) {
    all.metricSnapshot(gauge("kv_budget_bytes", "Budget for KV pages", now.kvBudgetBytes()));
    all.metricSnapshot(gauge("kv_held_bytes", "KV pages held", now.kvHeldBytes()));
    all.metricSnapshot(
        gauge("kv_promised_bytes", "KV pages promised to rows", now.kvPromisedBytes()));
    all.metricSnapshot(
        gauge("kv_prefix_bytes", "KV pages that only the prefix cache holds", now.kvPrefixBytes()));
    GaugeSnapshot.Builder offHeap =
        GaugeSnapshot.builder().name("mor4j_off_heap_bytes").help("Off-heap memory, by use");
    for (OffHeapMemory.Use use : OffHeapMemory.Use.values()) {
      add(offHeap, "use", label(use), OffHeapMemory.bytes(use));
    }
    all.metricSnapshot(offHeap.build());
  }

  private static void latencies(EngineStatistics now, MetricSnapshots.Builder all) {
    all.metricSnapshot(
        histogram("time_to_first_token", "Submission to first token", now.timeToFirstToken()));
    all.metricSnapshot(
        histogram("between_tokens", "From a token to the next", now.betweenTokens()));
    all.metricSnapshot(histogram("queue_time", "Submission to first run", now.queueTime()));
    all.metricSnapshot(histogram("request_time", "Submission to end", now.requestTime()));
  }

  private void model(MetricSnapshots.Builder all) {
    MorModel model = engine.model();
    all.metricSnapshot(
        InfoSnapshot.builder()
            .name("mor4j_model")
            .help("What is served")
            .dataPoint(
                InfoSnapshot.InfoDataPointSnapshot.builder()
                    .labels(
                        Labels.of(
                            "name",
                            modelName,
                            "backend",
                            model.backendDescription(),
                            "kv_cache",
                            model.kvCacheType().label(),
                            "recursions",
                            Integer.toString(model.config().recursions())))
                    .build())
            .build());
  }

  private static String label(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static CounterSnapshot.Builder counters(String name, String help) {
    return CounterSnapshot.builder().name("mor4j_" + name).help(help);
  }

  private static void add(CounterSnapshot.Builder to, String label, String value, long count) {
    to.dataPoint(
        CounterSnapshot.CounterDataPointSnapshot.builder()
            .labels(Labels.of(label, value))
            .value((double) count)
            .build());
  }

  private static void add(GaugeSnapshot.Builder to, String label, String value, long number) {
    to.dataPoint(
        GaugeSnapshot.GaugeDataPointSnapshot.builder()
            .labels(Labels.of(label, value))
            .value((double) number)
            .build());
  }

  private static CounterSnapshot counter(String name, String help, long count) {
    return counters(name, help)
        .dataPoint(CounterSnapshot.CounterDataPointSnapshot.builder().value((double) count).build())
        .build();
  }

  private static GaugeSnapshot gauge(String name, String help, long number) {
    return GaugeSnapshot.builder()
        .name("mor4j_" + name)
        .help(help)
        .dataPoint(GaugeSnapshot.GaugeDataPointSnapshot.builder().value((double) number).build())
        .build();
  }

  private static HistogramSnapshot histogram(String name, String help, LatencyHistogram seen) {
    ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
    long before = 0;
    for (long micros : BUCKET_MICROS) {
      long upTo = seen.countUpTo(micros);
      buckets.bucket(micros / 1e6, upTo - before);
      before = upTo;
    }
    buckets.bucket(Double.POSITIVE_INFINITY, seen.count() - before);
    return HistogramSnapshot.builder()
        .name("mor4j_" + name + "_seconds")
        .help(help)
        .dataPoint(
            HistogramSnapshot.HistogramDataPointSnapshot.builder()
                .classicHistogramBuckets(buckets.build())
                .sum(seen.sumMicros() / 1e6)
                .build())
        .build();
  }
}
