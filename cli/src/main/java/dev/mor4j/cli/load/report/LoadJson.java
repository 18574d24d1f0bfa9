package dev.mor4j.cli.load.report;

import dev.mor4j.cli.doctor.MachineFacts;
import dev.mor4j.cli.load.Arrivals;
import dev.mor4j.cli.load.Counts;
import dev.mor4j.cli.load.Ending;
import dev.mor4j.cli.load.EngineWork;
import dev.mor4j.cli.load.Latencies;
import dev.mor4j.cli.load.LoadStage;
import dev.mor4j.cli.load.Sample;
import dev.mor4j.cli.load.StageResult;
import dev.mor4j.cli.load.SteadyWindow;
import dev.mor4j.cli.load.Workload;
import dev.mor4j.runtime.LatencyHistogram;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** A run of load for programs. Times are in the unit that their name ends with. */
public final class LoadJson {
  private LoadJson() {}

  public static Map<String, Object> of(LoadReport report) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("target", report.facts());
    json.put("machine", machine());
    json.put("jvm", jvm());
    json.put("workload", workload(report.workload()));
    json.put("capacity", report.capacity().map(LoadJson::capacity).orElse(null));
    json.put("stages", report.stages().stream().map(LoadJson::stage).toList());
    json.put("interrupted", report.interrupted());
    json.put("passed", report.problems().isEmpty());
    json.put("problems", report.problems());
    return json;
  }

  private static Map<String, Object> machine() {
    MachineFacts facts = MachineFacts.read();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("cpu", facts.cpu());
    json.put("processors", facts.processors());
    json.put("cores", facts.cores());
    json.put("memory_bytes", facts.memoryBytes());
    json.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    return json;
  }

  private static Map<String, Object> jvm() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("version", System.getProperty("java.vm.name") + " " + Runtime.version());
    json.put("processors", Runtime.getRuntime().availableProcessors());
    json.put("max_heap_bytes", Runtime.getRuntime().maxMemory());
    json.put(
        "collectors",
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .map(GarbageCollectorMXBean::getName)
            .toList());
    return json;
  }

  private static Map<String, Object> workload(Workload workload) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("seed", workload.seed());
    json.put("prompts", workload.source().getClass().getSimpleName().toLowerCase(Locale.ROOT));
    json.put("prompt_unit", workload.source().unit());
    json.put("prompt_mean", workload.lengths().prompt().mean());
    json.put("prompt_sd", workload.lengths().prompt().deviation());
    json.put("output_mean", workload.lengths().output().mean());
    json.put("output_sd", workload.lengths().output().deviation());
    json.put("context", workload.lengths().context());
    json.put("shared_prefix", workload.prefix().length());
    json.put("shared_share", workload.prefix().share());
    json.put("cancel_share", workload.cancelShare());
    json.put("deadline_ms", workload.deadline().map(d -> (Object) d.toMillis()).orElse(null));
    json.put("temperature", workload.temperature());
    return json;
  }

  private static Map<String, Object> capacity(LoadCapacity capacity) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("requests_per_second", capacity.requestsPerSecond());
    json.put("tokens_per_second", capacity.tokensPerSecond());
    return json;
  }

  private static Map<String, Object> stage(StageResult result) {
    LoadStage stage = result.stage();
    Counts counts = result.counts();
    SteadyWindow steady = result.times().steady();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("number", stage.number());
    json.put("name", stage.name());
    switch (stage.arrivals()) {
      case Arrivals.Open open -> json.put("rate_per_second", open.rate());
      case Arrivals.Closed closed -> json.put("concurrency", closed.clients());
    }
    json.put("arrivals_seconds", result.times().arrivalsNanos() / 1e9);
    json.put("seconds", result.times().nanos() / 1e9);
    json.put("requests", requests(counts));
    json.put("prompt_tokens", counts.promptTokens());
    json.put("output_tokens", counts.tokens());
    long completed = counts.of(Ending.COMPLETED);
    json.put("completed_mean_tokens", completed == 0 ? null : mean(counts, completed));
    Map<String, Object> window = new LinkedHashMap<>();
    window.put("from_seconds", steady.fromNanos() / 1e9);
    window.put("to_seconds", steady.toNanos() / 1e9);
    window.put("offered_per_second", steady.sentPerSecond());
    window.put("completed_per_second", steady.completedPerSecond());
    window.put("tokens_per_second", steady.tokensPerSecond());
    json.put("steady", window);
    json.put("latency_ms", latencies(result.latencies()));
    json.put("engine", result.engine().work().map(work -> engine(work, result)).orElse(null));
    Map<String, Object> memory = new LinkedHashMap<>();
    memory.put(
        "resident_start_bytes", known(result.watched().samples().getFirst().residentBytes()));
    memory.put("resident_max_bytes", known(result.watched().peaks().residentBytes()));
    memory.put("resident_end_bytes", known(result.watched().samples().getLast().residentBytes()));
    json.put("memory", memory);
    Map<String, Object> processors = new LinkedHashMap<>();
    processors.put("process_share", known(result.watched().processors().process()));
    processors.put("others_share", known(result.watched().processors().others()));
    json.put("processors", processors);
    json.put("series", result.watched().samples().stream().map(LoadJson::sample).toList());
    json.put("interrupted", result.verdict().interrupted());
    json.put("problems", result.verdict().problems());
    return json;
  }

  private static Double mean(Counts counts, long completed) {
    return (double) counts.completedTokens() / completed;
  }

  private static Map<String, Object> requests(Counts counts) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("sent", counts.sent());
    for (Ending ending : Ending.values()) {
      String name = ending.name().toLowerCase(Locale.ROOT);
      json.put(name, counts.of(ending));
      json.put(name + "_by_reason", counts.reasons().get(ending));
    }
    return json;
  }

  private static Map<String, Object> latencies(Latencies latencies) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("first_token", histogram(latencies.firstToken()));
    json.put("between_tokens", histogram(latencies.betweenTokens()));
    json.put("end_to_end", histogram(latencies.endToEnd()));
    json.put("queue", histogram(latencies.queue()));
    json.put("dispatch", histogram(latencies.dispatch()));
    return json;
  }

  private static Map<String, Object> histogram(LatencyHistogram histogram) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("count", histogram.count());
    json.put("mean", histogram.meanMicros() / 1e3);
    json.put("p50", histogram.quantileMicros(0.5) / 1e3);
    json.put("p90", histogram.quantileMicros(0.9) / 1e3);
    json.put("p95", histogram.quantileMicros(0.95) / 1e3);
    json.put("p99", histogram.quantileMicros(0.99) / 1e3);
    json.put("max", histogram.maxMicros() / 1e3);
    return json;
  }

  private static Map<String, Object> engine(EngineWork work, StageResult result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("submitted", work.requests().submitted());
    json.put("prompt_tokens", work.tokens().prompt());
    json.put("cached_prompt_tokens", work.tokens().cachedPrompt());
    json.put("prefix_hit_share", work.prefixHitShare());
    json.put("generated_tokens", work.tokens().generated());
    json.put("generated_at_depth", work.tokens().generatedAtDepth());
    json.put("mean_depth", work.meanDepth());
    json.put("passes", work.passes());
    json.put("pass_rows", work.passRows());
    json.put("rows_per_pass", work.rowsPerPass());
    json.put("preemptions", work.preemptions());
    json.put("kv_peak_bytes", known(result.watched().peaks().kvHeldBytes()));
    json.put("kv_peak_sequence_bytes", known(result.watched().peaks().kvSequenceBytes()));
    return json;
  }

  private static Map<String, Object> sample(Sample sample) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("seconds", sample.nanos() / 1e9);
    json.put("sent", sample.totals().sent());
    json.put("ended", sample.totals().ended());
    json.put("completed", sample.totals().completed());
    json.put("tokens", sample.totals().tokens());
    json.put("in_flight", sample.inFlight());
    json.put("queued", known(sample.engine().queued()));
    json.put("running", known(sample.engine().running()));
    json.put("kv_held_bytes", known(sample.engine().kvHeldBytes()));
    json.put("kv_sequence_bytes", known(sample.engine().kvSequenceBytes()));
    json.put("resident_bytes", known(sample.residentBytes()));
    json.put("heap_bytes", known(sample.heapBytes()));
    return json;
  }

  private static Double known(double value) {
    return value < 0 ? null : value;
  }

  private static Long known(long value) {
    return value < 0 ? null : value;
  }
}
