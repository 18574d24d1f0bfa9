package dev.mor4j.cli;

import dev.mor4j.cli.load.LoadProgress;
import dev.mor4j.cli.load.LoadRun;
import dev.mor4j.cli.load.LoadStage;
import dev.mor4j.cli.load.PromptSource;
import dev.mor4j.cli.load.Sample;
import dev.mor4j.cli.load.StageResult;
import dev.mor4j.cli.load.Workload;
import dev.mor4j.cli.load.report.LoadCapacity;
import dev.mor4j.cli.load.report.LoadInterrupt;
import dev.mor4j.cli.load.report.LoadJson;
import dev.mor4j.cli.load.report.LoadPage;
import dev.mor4j.cli.load.report.LoadReport;
import dev.mor4j.cli.load.report.LoadSubject;
import dev.mor4j.cli.load.report.LoadTable;
import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.EngineArguments;
import dev.mor4j.cli.options.GivenOptions;
import dev.mor4j.cli.options.LoadOutputs;
import dev.mor4j.cli.options.LoadServerOptions;
import dev.mor4j.cli.options.LoadStageOptions;
import dev.mor4j.cli.options.LoadWorkloadOptions;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.options.RecursionOptions;
import dev.mor4j.cli.report.TimelineText;
import dev.mor4j.cli.soak.Soak;
import dev.mor4j.cli.soak.SoakReport;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Json;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.SessionOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j bench-serve}: an engine or a server under load. */
@CommandLine.Command(
    name = "bench-serve",
    header = "Puts an engine or a server under load, and measures latency and throughput.",
    description = {
      "Sends requests at random times (--rate, --load), whether or not earlier ones have ended, or"
          + " keeps a number of them in flight (--concurrency). Latencies count from the time at"
          + " which a request was due. Arrivals, prompts, lengths and sampling follow from --seed.",
      "The target is an engine in this process for the model in MODEL, or a server at --url. An"
          + " interrupt ends the run early and keeps the results so far. Requests that a busy target"
          + " refuses are counted; the command fails if any request ends in another way than it"
          + " should."
    },
    sortOptions = false)
final class BenchServeCommand implements Callable<Integer> {
  /** Mixins of this command, by field, whose options describe an engine in this process. */
  private static final List<String> OF_ENGINE = List.of("kernels", "engine", "recursions");

  private final Terminal terminal;

  @CommandLine.Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "MODEL",
      description = "The folder of a converted model that is served in this process.")
  Path folder;

  @CommandLine.Mixin LoadStageOptions stages;
  @CommandLine.Mixin LoadWorkloadOptions workload;
  @CommandLine.Mixin ModelArguments.KernelOptions kernels;
  @CommandLine.Mixin EngineArguments engine;
  @CommandLine.Mixin RecursionOptions recursions;
  @CommandLine.Mixin LoadServerOptions server;
  @CommandLine.Mixin LoadOutputs outputs;
  @CommandLine.Mixin CommonOptions common;

  @CommandLine.Spec CommandLine.Model.CommandSpec spec;

  BenchServeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    checkTarget();
    if (stages.soak().isPresent()) {
      return soak(stages.soak().get());
    }
    stages.check();
    workload.check();
    try (LoadOutputs.Places places = outputs.open();
        LoadSubject subject = open()) {
      Workload requests = workload.workload(subject.source(), subject.context());
      LoadRun run =
          new LoadRun(subject.target(), requests, stages.drain, subject.process(), progress());
      LoadInterrupt interrupt = new LoadInterrupt(run);
      try {
        LoadReport report = run(run, subject, requests);
        write(report, places);
        print(report);
        return report.problems().isEmpty() ? ExitCode.SUCCESS : ExitCode.VERIFICATION_FAILED;
      } finally {
        interrupt.written();
      }
    }
  }

  private int soak(Duration time) throws IOException, InterruptedException {
    GivenOptions given = new GivenOptions(spec);
    List<String> others = new ArrayList<>(given.namesOf("workload"));
    others.remove("--seed");
    others.addAll(List.of("--duration", "--requests", "--warm-up", "--warm-up-concurrency"));
    others.addAll(List.of("--drain", "--url", LoadOutputs.TIMELINE));
    others.addAll(given.namesOf("recursions"));
    given.refuse(others, "with --soak, which mixes all kinds of requests");
    try (LoadOutputs.Places places = outputs.open();
        MorModel model = ModelArguments.open(folder, kernels.options());
        MorEngine served = model.newEngine(engine.options())) {
      SoakReport report =
          new Soak(
                  served,
                  ModelArguments.tokenizer(model),
                  time,
                  workload.seed,
                  line -> terminal.say("mor4j: %s", line))
              .run();
      if (outputs.json != null) {
        places.write(outputs.json, Json.text(report.json()));
      }
      if (outputs.html != null) {
        places.write(outputs.html, report.html());
      }
      terminal.out().print(report.text());
      terminal.out().flush();
      report.problems().forEach(problem -> terminal.say("mor4j: FAILED: %s", problem));
      return report.problems().isEmpty() ? ExitCode.SUCCESS : ExitCode.VERIFICATION_FAILED;
    }
  }

  private void checkTarget() {
    if ((folder == null) == (server.url == null)) {
      throw new UsageException("expected either a MODEL or --url, and not both");
    }
    GivenOptions given = new GivenOptions(spec);
    if (server.url != null) {
      given.refuse(engineOptions(given), "with --url: it is about an engine in this process");
    } else {
      given.refuse(serverOptions(given), "without --url: it is about a server");
    }
  }

  /** The options that describe an engine in this process. */
  private static List<String> engineOptions(GivenOptions given) {
    List<String> names = new ArrayList<>();
    OF_ENGINE.forEach(mixin -> names.addAll(given.namesOf(mixin)));
    names.add(LoadOutputs.TIMELINE);
    return names;
  }

  /** The options that describe a server elsewhere. */
  private static List<String> serverOptions(GivenOptions given) {
    return given.namesOf("server").stream().filter(name -> !name.equals("--url")).toList();
  }

  private LoadSubject open() throws IOException, InterruptedException {
    if (server.url != null) {
      PromptSource source = server.source(workload.text);
      return LoadSubject.server(server.address(terminal), source, server.process());
    }
    // Options that are wrong are refused before there is a model to close.
    EngineOptions engineOptions = engine.options();
    SessionOptions session = recursions.options();
    return LoadSubject.engine(
        ModelArguments.open(folder, kernels.options()), engineOptions, session, workload.text);
  }

  private LoadReport run(LoadRun run, LoadSubject subject, Workload requests)
      throws InterruptedException {
    List<StageResult> results = new ArrayList<>();
    Optional<LoadCapacity> capacity = Optional.empty();
    Optional<LoadStage> warmUp = stages.warmUp(subject.sequences());
    if (warmUp.isPresent()) {
      StageResult result = run.run(warmUp.get());
      results.add(result);
      if (stages.needsCapacity() && !run.isStopped()) {
        capacity = Optional.of(LoadCapacity.of(result, requests));
      }
    }
    if (!run.isStopped()) {
      for (LoadStage stage :
          stages.stages(capacity.map(LoadCapacity::requestsPerSecond).orElse(0.0))) {
        if (!run.isStopped()) {
          results.add(run.run(stage));
        }
      }
    }
    return new LoadReport(
        subject.title(), subject.facts(), requests, capacity, results, run.isStopped());
  }

  private LoadProgress progress() {
    return (LoadStage stage, Sample now, double tokensPerSecond) ->
        terminal.say(
            "mor4j: %s",
            Sizes.format(
                "%s, %.0f s: %d sent, %d completed, %d ended otherwise, %d in flight,"
                    + " %.1f tokens/s, %s resident",
                stage.name(),
                now.nanos() / 1e9,
                now.totals().sent(),
                now.totals().completed(),
                now.totals().ended() - now.totals().completed(),
                now.inFlight(),
                tokensPerSecond,
                now.residentBytes() < 0 ? "unknown" : Sizes.bytes(now.residentBytes())));
  }

  private void write(LoadReport report, LoadOutputs.Places places) throws IOException {
    if (outputs.json != null) {
      places.write(outputs.json, Json.text(LoadJson.of(report)));
    }
    if (outputs.html != null) {
      places.write(outputs.html, LoadPage.html(report));
    }
    if (outputs.timeline != null) {
      places.write(
          outputs.timeline,
          outputs.timelineIsText() ? TimelineText.of(report) : LoadPage.timeline(report));
    }
  }

  private void print(LoadReport report) {
    StringBuilder text = new StringBuilder();
    text.append("target     ").append(report.title()).append('\n');
    text.append("workload   ").append(report.workloadText()).append('\n');
    report
        .capacity()
        .ifPresent(
            capacity ->
                text.append(
                    Sizes.format(
                        "capacity   %.2f requests/s, %.1f tokens/s%n",
                        capacity.requestsPerSecond(), capacity.tokensPerSecond())));
    for (LoadTable table : LoadTable.of(report)) {
      text.append('\n').append(String.join("\n", table.lines())).append('\n');
    }
    terminal.out().print(text);
    // An interrupted JVM ends as soon as this command has; nobody flushes then.
    terminal.out().flush();
    if (report.stages().stream()
        .map(StageResult::latencies)
        .anyMatch(seen -> seen.endToEnd().count() > 0 && seen.firstToken().count() == 0)) {
      terminal.say(
          "mor4j: note: the server sends nothing while it generates, as with a model without a"
              + " tokenizer, so there are no latencies of tokens, and no request is cancelled");
    }
    report.problems().forEach(problem -> terminal.say("mor4j: FAILED: %s", problem));
  }
}
