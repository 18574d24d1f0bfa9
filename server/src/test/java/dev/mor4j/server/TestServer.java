package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.DeviceOptions;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.EngineStatistics;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorEngine;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.Sharing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A server over a small random model of three recursions, at a port of its own. */
final class TestServer implements AutoCloseable {
  static final String NAME = "tiny";
  static final int VOCABULARY = 2048;

  /** Long enough that a generation of it is never over before a test has looked at it. */
  static final int CONTEXT = 1 << 15;

  private static final Path TOKENIZER =
      Path.of("..", "checkpoints", "mor3-books", "tokenizer.json");

  final MorModel model;
  final MorEngine engine;
  final MorServer server;

  private TestServer(MorModel model, MorEngine engine, MorServer server) {
    this.model = model;
    this.engine = engine;
    this.server = server;
  }

  static TestServer start(Path folder) throws IOException {
    return start(folder, engine -> engine, server -> server);
  }

  /** Starts one; the model is written to {@code folder} unless it is there. */
  static TestServer start(
      Path folder, UnaryOperator<EngineOptions> engine, UnaryOperator<ServerOptions> server)
      throws IOException {
    return open(model(folder), engine, server);
  }

  private static Path model(Path folder) throws IOException {
    Path place = folder.resolve("model");
    if (!Files.exists(place)) {
      write(place, true);
    }
    return place;
  }

  /** As above, on the emulated GPU. */
  static TestServer startOnGpu(Path folder, UnaryOperator<EngineOptions> engine)
      throws IOException {
    ModelOptions gpu =
        ModelOptions.defaults()
            .withBackend(BackendChoice.CUDA)
            .withDevice(DeviceOptions.defaults().withNumbers(DeviceOptions.Numbers.F32));
    return open(model(folder), gpu, engine, server -> server);
  }

  /** As above, of a model without a tokenizer. */
  static TestServer startWithoutTokenizer(Path folder) throws IOException {
    Path place = folder.resolve("plain");
    write(place, false);
    return open(place, engine -> engine, server -> server);
  }

  private static TestServer open(
      Path folder, UnaryOperator<EngineOptions> engine, UnaryOperator<ServerOptions> server)
      throws IOException {
    ModelOptions cpu = ModelOptions.defaults().withKernels(KernelChoice.AUTO).withThreads(1);
    return open(folder, cpu, engine, server);
  }

  private static TestServer open(
      Path folder,
      ModelOptions options,
      UnaryOperator<EngineOptions> engine,
      UnaryOperator<ServerOptions> server)
      throws IOException {
    MorModel model = MorModel.open(folder, options);
    MorEngine made = null;
    try {
      made = model.newEngine(engine.apply(EngineOptions.defaults()));
      ServerOptions listening = ServerOptions.of(NAME).withAddress("127.0.0.1", 0);
      return new TestServer(model, made, MorServer.start(made, server.apply(listening)));
    } catch (IOException | RuntimeException | Error e) {
      if (made != null) {
        made.close();
      }
      model.close();
      throw e;
    }
  }

  private static void write(Path folder, boolean tokenizer) throws IOException {
    ArchitectureConfig architecture =
        ArchitectureConfig.builder()
            .hidden(32)
            .intermediate(88)
            .heads(4)
            .kvHeads(2)
            .headDim(8)
            .layers(8)
            .vocabulary(VOCABULARY)
            .maxPositions(CONTEXT)
            .bosTokenId(0)
            .eosTokenIds(List.of(0))
            .build();
    RoutingConfig routing =
        new RoutingConfig.ExpertChoice(
            RoutingConfig.RouterKind.LINEAR,
            RoutingConfig.RouterFunction.SIGMOID,
            0.1f,
            1,
            true,
            List.of(1.0, 2 / 3.0, 1 / 3.0),
            false);
    Files.createDirectories(folder);
    RandomModel.write(
        folder,
        new ModelConfig(
            architecture, Sharing.MIDDLE_CYCLE, 3, routing, Caching.RECURSION_WISE, Map.of()),
        DType.F32,
        7);
    if (tokenizer) {
      Files.copy(TOKENIZER, folder.resolve("tokenizer.json"));
    }
  }

  int port() {
    return server.port();
  }

  Http.Answer get(String path, String... headers) {
    return Http.get(port(), path, headers);
  }

  /** Asks for completions. */
  Http.Answer complete(String body, String... headers) {
    return Http.post(port(), "/v1/completions", body, headers);
  }

  /** Waits until the engine's figures are so. */
  void await(Predicate<EngineStatistics> wanted) throws InterruptedException {
    long end = System.nanoTime() + Http.PATIENCE_MILLIS * 1_000_000L;
    while (!wanted.test(engine.statistics())) {
      assertThat(System.nanoTime()).as("%s", engine.statistics()).isLessThan(end);
      Thread.sleep(5);
    }
  }

  /**
   * Waits until the metrics have lines that begin so: a response is counted a moment after the
   * client has read it. Returns the metrics of then.
   */
  String awaitMetrics(String... begins) throws InterruptedException {
    long end = System.nanoTime() + Http.PATIENCE_MILLIS * 1_000_000L;
    while (true) {
      String metrics = get("/metrics").succeeds().body();
      if (Stream.of(begins).allMatch(each -> metrics.lines().anyMatch(l -> l.startsWith(each)))) {
        return metrics;
      }
      assertThat(System.nanoTime()).as("%s in %s", List.of(begins), metrics).isLessThan(end);
      Thread.sleep(20);
    }
  }

  @Override
  public void close() {
    server.close();
    engine.close();
    model.close();
  }
}
