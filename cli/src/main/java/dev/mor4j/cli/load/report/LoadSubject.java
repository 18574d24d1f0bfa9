package dev.mor4j.cli.load.report;

import dev.mor4j.cli.doctor.ModelFacts;
import dev.mor4j.cli.load.EngineTarget;
import dev.mor4j.cli.load.HttpTarget;
import dev.mor4j.cli.load.LoadTarget;
import dev.mor4j.cli.load.PromptSource;
import dev.mor4j.cli.load.ServerAddress;
import dev.mor4j.cli.load.WatchedProcess;
import dev.mor4j.cli.options.TextTokens;
import dev.mor4j.runtime.EncodingOptions;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.format.ArchitectureConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What is put under load, opened, with what reports say of it. Owns model, engine, connections. */
public final class LoadSubject implements AutoCloseable {
  private static final int SERVER_CONTEXT = 2048;
  private static final int SERVER_SEQUENCES = 32;

  private final LoadTarget target;
  private final PromptSource source;
  private final int context;
  private final int sequences;
  private final WatchedProcess process;
  private final Map<String, Object> facts;
  private final Runnable closing;

  private LoadSubject(
      LoadTarget target,
      PromptSource source,
      int context,
      int sequences,
      WatchedProcess process,
      Map<String, Object> facts,
      Runnable closing) {
    this.target = target;
    this.source = source;
    this.context = context;
    this.sequences = sequences;
    this.process = process;
    this.facts = facts;
    this.closing = closing;
  }

  /**
   * An engine in this process.
   *
   * @param opened which this closes, now where it fails
   * @param text file that prompts are taken from; null for token ids at random
   */
  public static LoadSubject engine(
      MorModel opened, EngineOptions options, SessionOptions session, Path text)
      throws IOException {
    try {
      // Refuses options that the model has not, before each request is refused for them.
      opened.newSession(session).close();
      PromptSource source =
          text == null
              ? new PromptSource.Uniform(opened.config().architecture().vocabulary())
              : new PromptSource.TextIds(
                  TextTokens.of(
                      opened, TextTokens.read(text), EncodingOptions.defaults().withAddEnd(false)));
      MorEngine engine = opened.newEngine(options);
      Map<String, Object> facts;
      try {
        // What the engine decided for is in its own options.
        facts = facts(opened, engine.options(), session);
      } catch (IOException | RuntimeException e) {
        engine.close();
        throw e;
      }
      return new LoadSubject(
          new EngineTarget(engine, session),
          source,
          opened.config().architecture().maxPositions(),
          options.maxSequences(),
          WatchedProcess.self(),
          facts,
          () -> {
            engine.close();
            opened.close();
          });
    } catch (IOException | RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  /**
   * A server; where the address has no model, it is asked for one.
   *
   * @param source of prompts
   * @param process of the server, where it is known
   */
  public static LoadSubject server(
      ServerAddress address, PromptSource source, WatchedProcess process)
      throws IOException, InterruptedException {
    HttpTarget target =
        address.model().isPresent() ? new HttpTarget(address) : HttpTarget.ofFirstModel(address);
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("kind", "server");
    facts.put("url", address.toString());
    facts.put("model_name", target.server().model().orElse(null));
    return new LoadSubject(
        target, source, SERVER_CONTEXT, SERVER_SEQUENCES, process, facts, target::close);
  }

  private static Map<String, Object> facts(
      MorModel opened, EngineOptions options, SessionOptions session) throws IOException {
    ModelFacts model = ModelFacts.of(opened);
    ArchitectureConfig sizes = opened.config().architecture();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("kind", "engine");
    facts.put("folder", opened.folder().toString());
    facts.put("kernels", opened.backendDescription());
    facts.put("kv_cache", opened.kvCacheType().label());
    facts.put("layer_types", model.types().layers());
    facts.put("head_type", model.types().head());
    Map<String, Object> shape = new LinkedHashMap<>();
    shape.put("layers", sizes.layers());
    shape.put("hidden", sizes.hidden());
    shape.put("intermediate", sizes.intermediate());
    shape.put("heads", sizes.heads());
    shape.put("kv_heads", sizes.kvHeads());
    shape.put("vocabulary", sizes.vocabulary());
    shape.put("positions", sizes.maxPositions());
    shape.put("recursions", opened.config().recursions());
    shape.put("sharing", label(opened.config().sharing()));
    shape.put("routing", opened.config().routing().getClass().getSimpleName());
    shape.put("caching", label(opened.config().caching()));
    facts.put("shape", shape);
    Map<String, Object> engine = new LinkedHashMap<>();
    engine.put("max_sequences", options.maxSequences());
    engine.put("max_queued", options.maxQueued());
    engine.put("kv_bytes", options.kvBytes());
    engine.put("step_tokens", options.stepTokens());
    engine.put("min_exit_batch", options.minExitBatch());
    engine.put("max_exit_wait", options.maxExitWait());
    engine.put("depth_batching", label(options.depthBatching()));
    engine.put("prefix_cache", options.prefixCache());
    engine.put("max_recursions", session.maxRecursions());
    engine.put("threshold", session.probabilityThreshold());
    facts.put("engine", engine);
    return facts;
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  public LoadTarget target() {
    return target;
  }

  public PromptSource source() {
    return source;
  }

  /** Most tokens of a prompt and what comes after it. */
  public int context() {
    return context;
  }

  /** Sequences that run at the same time; a guess for a server. */
  public int sequences() {
    return sequences;
  }

  public WatchedProcess process() {
    return process;
  }

  /** For programs. */
  public Map<String, Object> facts() {
    return facts;
  }

  /** In a line, for people. */
  public String title() {
    return facts.containsKey("url")
        ? facts.get("url").toString()
        : facts.get("folder") + ", " + facts.get("kernels");
  }

  @Override
  public void close() {
    closing.run();
  }
}
