package dev.mor4j.cli;

import dev.mor4j.cli.doctor.MachineFacts;
import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.EngineArguments;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.options.ServerArguments;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.Termination;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.server.MorServer;
import dev.mor4j.server.ServerOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j serve}: a model over HTTP, until the process is told to end. */
@CommandLine.Command(
    name = "serve",
    header = "Serves a model over HTTP, as OpenAI's completions API.",
    description = {
      "POST /v1/completions generates text, GET /v1/models names the model, GET /health says whether"
          + " requests are taken, GET /metrics has counters for Prometheus, and GET /timeline shows"
          + " which depths shared the last passes.",
      "SIGINT and SIGTERM end the server: it refuses new requests and lets running ones finish."
    },
    sortOptions = false)
final class ServeCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Mixin ModelArguments model;
  @CommandLine.Mixin ServerArguments listening;
  @CommandLine.Mixin EngineArguments scheduling;
  @CommandLine.Mixin CommonOptions common;

  ServeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    EngineOptions engine = scheduling.options();
    ServerOptions server = listening.options(model.folder, terminal);
    try (Termination termination = new Termination()) {
      serve(engine, server, termination);
      terminal.say("mor4j: stopped");
      terminal.out().flush();
      termination.endsInOrder();
    }
    return ExitCode.SUCCESS;
  }

  private void serve(EngineOptions engineOptions, ServerOptions options, Termination termination)
      throws IOException, InterruptedException {
    try (MorModel opened = model.open();
        MorEngine engine = opened.newEngine(engineOptions);
        MorServer server = MorServer.start(engine, options, this::tellOf)) {
      announce(server, engine, options);
      termination.await();
      terminal.say(
          "mor4j: ending; running requests have %d seconds to finish", listening.drainSeconds);
      if (!server.drain(Duration.ofSeconds(listening.drainSeconds))) {
        terminal.say("mor4j: the requests that had not finished were cancelled");
      }
    }
  }

  /** An error that no client has made. */
  private void tellOf(Throwable failure) {
    terminal.say("mor4j: a request failed: %s", failure);
    if (common.verbose) {
      failure.printStackTrace(terminal.err());
    }
  }

  private void announce(MorServer server, MorEngine engine, ServerOptions options) {
    MachineFacts machine = MachineFacts.read();
    MorModel opened = engine.model();
    terminal.out().printf(Locale.ROOT, "listening  %s%n", server.uri());
    terminal
        .out()
        .printf(
            Locale.ROOT,
            "model      %s, %s of weights, up to %d recursions, contexts of %s tokens%n",
            options.modelName(),
            Sizes.bytes(opened.weightBytes()),
            opened.config().recursions(),
            Sizes.count(opened.config().architecture().maxPositions()));
    terminal
        .out()
        .printf(
            Locale.ROOT,
            "machine    %s, %s of memory; %s%n",
            machine.cpu(),
            Sizes.bytes(machine.memoryBytes()),
            opened.backendDescription());
    terminal
        .out()
        .printf(
            Locale.ROOT,
            "engine     %d sequences, %d may wait, %s for KV caches in %s%n",
            engine.options().maxSequences(),
            engine.options().maxQueued(),
            Sizes.bytes(engine.options().kvBytes()),
            opened.kvCacheType().label());
    terminal
        .out()
        .printf(Locale.ROOT, "key        %s%n", options.apiKey().isPresent() ? "required" : "none");
    terminal.out().flush();
  }
}
