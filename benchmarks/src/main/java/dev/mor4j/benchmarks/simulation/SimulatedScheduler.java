package dev.mor4j.benchmarks.simulation;

import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.engine.RequestPriority;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.Sharing;
import dev.mor4j.runtime.forward.BufferPool;
import dev.mor4j.runtime.forward.ForwardPass;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.sampling.SamplingBuffers;
import dev.mor4j.runtime.schedule.Scheduler;
import dev.mor4j.runtime.schedule.SchedulerSettings;
import dev.mor4j.runtime.schedule.SchedulerState;
import dev.mor4j.runtime.schedule.Sequence;
import dev.mor4j.runtime.schedule.SequenceListener;
import dev.mor4j.runtime.text.GeneratedText;
import dev.mor4j.runtime.weights.ModelWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The scheduler itself, with caches and all, on a {@link SimulatedBackend} and its clock. Owns what
 * it opens; one thread at a time.
 */
public final class SimulatedScheduler implements AutoCloseable {
  private static final int BLOCK_LAYERS = 3;
  private static final int VOCABULARY = 8;
  private static final int CONTEXT = 4096;

  private final SimulatedBackend backend;
  private final ModelWeights weights;
  private final BufferPool buffers;
  private final KvPools pools;
  private final Scheduler scheduler;
  private final RoutingSettings settings;
  private final SamplingBuffers sampling = new SamplingBuffers();

  /**
   * @param folder where the model goes that the scheduler is told of, unless it is there
   * @param spread shares of the tokens of depth 1, 2, .., which add up to 1
   * @param balance see {@link SimulatedBackend}
   * @param ends weights of first and last layers and head, as a share of the block's
   */
  public SimulatedScheduler(
      Path folder, double[] spread, double balance, double ends, SchedulerSettings scheduling)
      throws IOException {
    int recursions = spread.length;
    Path model = folder.resolve("model-" + recursions);
    if (!Files.exists(model)) {
      Files.createDirectories(model);
      RandomModel.write(model, config(recursions), DType.F32, Texts.SEED);
    }
    this.backend = new SimulatedBackend(balance, 1, ends, BLOCK_LAYERS, goOn(spread));
    ModelConfig config = ModelConfigJson.read(model.resolve(ModelConfigJson.FILE_NAME));
    this.weights = ModelWeights.open(model.resolve("model.safetensors"), config);
    this.buffers = new BufferPool(backend, scheduling.stepTokens(), recursions);
    ForwardPass forward = new ForwardPass(weights, backend);
    this.pools =
        new KvPools(forward.kvPlan(), config.architecture(), KvCacheType.F32, backend.pageMemory());
    this.scheduler =
        new Scheduler(scheduling, forward, buffers.take(), pools, recursions, backend::now);
    this.settings = RoutingSettings.threshold(forward.kvPlan().recursionCaches(), 0);
  }

  /** For each recursion the chance that a token that got there takes it. */
  private static double[] goOn(double[] spread) {
    double[] goOn = new double[spread.length];
    double there = 1;
    for (int r = 0; r < spread.length; r++) {
      double goes = r == 0 ? 1 : there - spread[r - 1];
      goOn[r] = goes / there;
      there = goes;
    }
    return goOn;
  }

  public Scheduler scheduler() {
    return scheduler;
  }

  /** See {@link SimulatedBackend#now}. */
  long now() {
    return backend.now();
  }

  /** Sequences that wait or run. */
  public int sequences() {
    SchedulerState state = scheduler.state();
    return state.queued() + state.running();
  }

  /** Takes a sequence in, of which {@code text} tokens are generated after the prompt. */
  public void submit(int prompt, int text) {
    scheduler.submit(
        new Sequence(
            new int[prompt],
            settings,
            new Sampler(VOCABULARY, 0, 0, 1, 0, 1, 1, sampling),
            new Unheard(text),
            RequestPriority.NORMAL,
            CONTEXT,
            now(),
            Long.MAX_VALUE));
  }

  @Override
  public void close() {
    scheduler.close();
    pools.close();
    buffers.close();
    weights.close();
  }

  /** A model of the smallest sizes, with a router for each recursion. */
  private static ModelConfig config(int recursions) {
    List<Double> capacities = new ArrayList<>(List.of(0.99));
    while (capacities.size() < recursions) {
      capacities.add(0.5);
    }
    ArchitectureConfig architecture =
        ArchitectureConfig.builder()
            .hidden(4)
            .intermediate(4)
            .heads(1)
            .kvHeads(1)
            .headDim(2)
            .layers(2 + BLOCK_LAYERS * recursions)
            .vocabulary(VOCABULARY)
            .maxPositions(CONTEXT)
            .build();
    return new ModelConfig(
        architecture,
        Sharing.MIDDLE_CYCLE,
        recursions,
        new RoutingConfig.ExpertChoice(
            RoutingConfig.RouterKind.LINEAR,
            RoutingConfig.RouterFunction.SIGMOID,
            1f,
            1f,
            true,
            capacities,
            false),
        Caching.RECURSION_WISE,
        Map.of());
  }

  /** Ends after so many tokens; else nobody listens. */
  private static final class Unheard implements SequenceListener {
    private final GeneratedText generated;

    Unheard(int tokens) {
      generated = new GeneratedText(new int[0], tokens, null);
    }

    @Override
    public void started(int cachedTokens) {}

    @Override
    public FinishReason token(int id, int depth, int position, boolean contextIsFull) {
      return generated.add(id, depth, position, contextIsFull);
    }

    @Override
    public void ended(FinishReason reason) {}

    @Override
    public void failed(Throwable cause) {
      throw new IllegalStateException(cause);
    }
  }
}
