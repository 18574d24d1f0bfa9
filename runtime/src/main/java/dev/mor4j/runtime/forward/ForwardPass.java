package dev.mor4j.runtime.forward;

import dev.mor4j.bindings.cpu.KvMode;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.cache.KvPlan;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.weights.ModelWeights;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The way of a token from its id to its logits: embedding, unique first layer, the recursions that
 * its router gives it, unique last layer, head. Prepared once for a model, shared between threads;
 * what changes lives in {@link SequenceCaches} and {@link PassBuffers}.
 */
public final class ForwardPass {
  private final ModelConfig config;
  private final Backend backend;
  private final RowRunner rows;
  private final KvPlan plan;
  private final RecursionRouter router;

  /**
   * No router: all layers for each number of recursions that may run, index {@code maxRecursions -
   * 1}; else empty.
   */
  private final List<PreparedLayers> unrolled = new ArrayList<>();

  private final PreparedLayers first;
  private final PreparedLayers last;

  public ForwardPass(ModelWeights weights, Backend backend) {
    this.config = weights.config();
    this.backend = backend;
    this.rows = new RowRunner(backend);
    this.plan = KvPlan.of(config);
    boolean routed = !(config.routing() instanceof RoutingConfig.None);
    int lastLayer = config.architecture().layers() - 1;
    boolean ends = config.sharing().uniqueAtEachEnd() == 1;
    this.first = routed && ends ? uniqueLayer(weights, 0, 0) : null;
    this.last = routed && ends ? uniqueLayer(weights, lastLayer, 1) : null;
    if (routed) {
      List<PreparedLayers> blocks = new ArrayList<>();
      for (int r = 0; r < config.recursions(); r++) {
        blocks.add(block(weights, r));
      }
      this.router =
          switch (config.routing()) {
            case RoutingConfig.ExpertChoice expert ->
                new ExpertChoiceRouter(expert, weights, backend, rows, blocks, plan);
            case RoutingConfig.TokenChoice token ->
                new TokenChoiceRouter(token, weights, backend, rows, blocks, plan);
            case RoutingConfig.None none -> throw new IllegalStateException("not routed");
          };
    } else {
      this.router = null;
      for (int recursions = 1; recursions <= config.recursions(); recursions++) {
        unrolled.add(unrolled(weights, recursions));
      }
    }
  }

  private PreparedLayers uniqueLayer(ModelWeights weights, int layer, int kvLayer) {
    return backend.prepare(
        List.of(new CachedLayer(weights.layer(layer), kvLayer, KvMode.APPEND)),
        plan.commonLayers());
  }

  private PreparedLayers block(ModelWeights weights, int recursion) {
    List<CachedLayer> layers = new ArrayList<>();
    int firstLayer = config.sharing().uniqueAtEachEnd() + recursion * config.blockLayers();
    for (int j = 0; j < config.blockLayers(); j++) {
      layers.add(new CachedLayer(weights.layer(firstLayer + j), j, plan.blockMode(recursion)));
    }
    return backend.prepare(layers, plan.blockLayers());
  }

  /** All unrolled layers whose recursion is below {@code recursions}, in order, for one pass. */
  private PreparedLayers unrolled(ModelWeights weights, int recursions) {
    int ends = config.sharing().uniqueAtEachEnd();
    int lastLayer = config.architecture().layers() - 1;
    boolean shared = plan.caching() == Caching.SHARED;
    List<CachedLayer> layers = new ArrayList<>();
    for (int i = 0; i <= lastLayer; i++) {
      int recursion = config.recursionOf(i);
      if (recursion >= recursions) {
        continue;
      }
      // Shared caches: unique first layer, block layers, unique last layer; later recursions read.
      int kvLayer =
          !shared
              ? i
              : recursion >= 0
                  ? ends + config.blockLayerOf(i)
                  : i == 0 ? 0 : plan.commonLayers() - 1;
      KvMode mode = shared && recursion > 0 ? KvMode.READ : KvMode.APPEND;
      layers.add(new CachedLayer(weights.layer(i), kvLayer, mode));
    }
    return backend.prepare(layers, plan.commonLayers());
  }

  /** The caches that a sequence of this model has. */
  public KvPlan kvPlan() {
    return plan;
  }

  /**
   * Takes {@code count} tokens through the model. Their hidden states stay in {@code buffers} until
   * its next use; their keys and values are appended to {@code caches}.
   *
   * @param ids token ids, each in [0, V); the first {@code position} of them are in the caches
   *     already
   * @param position place of the first token of the call in its sequence
   * @param count tokens of the call
   * @param depths receives for each token, at its place in the sequence, in how many recursions it
   *     took part
   */
  public void run(
      int[] ids,
      int position,
      int count,
      SequenceCaches caches,
      RoutingSettings settings,
      PassBuffers buffers,
      int[] depths) {
    buffers.reserve(count);
    for (int i = 0; i < count; i++) {
      buffers.tokens.add(ids[position + i], position + i, caches);
    }
    run(settings, buffers);
    System.arraycopy(buffers.tokens.depths, 0, depths, position, count);
  }

  /**
   * Takes one token of each of {@code count} sequences through the model, in the same passes. The
   * values of a token are those it has alone.
   *
   * @param ids the token of each sequence, in [0, V)
   * @param positions its place in the sequence, whose tokens before it are in the caches
   */
  public void step(
      int[] ids,
      int[] positions,
      SequenceCaches[] caches,
      int count,
      RoutingSettings settings,
      PassBuffers buffers) {
    buffers.reserve(count);
    for (int i = 0; i < count; i++) {
      buffers.tokens.add(ids[i], positions[i], caches[i]);
    }
    run(settings, buffers);
  }

  private void run(RoutingSettings settings, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    if (settings.mode() == RoutingMode.TOP_K && !tokens.isOneSequence()) {
      throw new IllegalArgumentException("top-k routing takes the tokens of one sequence");
    }
    backend.embed(buffers.workspace, tokens.ids, 0, tokens.count);
    activateAll(buffers);
    if (router == null) {
      rows.runAll(unrolled.get(settings.maxRecursions() - 1), true, buffers);
      Arrays.fill(tokens.depths, 0, tokens.count, settings.maxRecursions());
      return;
    }
    if (first != null) {
      rows.runAll(first, true, buffers);
    }
    router.run(settings, buffers);
    if (last != null) {
      activateAll(buffers);
      rows.runAll(last, false, buffers);
    }
  }

  private static void activateAll(PassBuffers buffers) {
    for (int i = 0; i < buffers.tokens.count; i++) {
      buffers.active[i] = i;
    }
  }

  /**
   * Makes room for {@code tokens} more tokens after {@code position}, so that calls of {@link #run}
   * with one of them at a time allocate nothing on the heap; what remains, {@link
   * SequenceCaches#reserve} says.
   */
  public void reserve(int position, int tokens, SequenceCaches caches, PassBuffers buffers) {
    backend.reserve(position + tokens, buffers.workspace);
    caches.reserve(position, tokens);
  }

  /**
   * The logits of tokens {@code firstToken ..} of the last {@link #run}.
   *
   * @param logits receives [count, V]
   * @param count at most {@link PassBuffers#maxLogitRows()}
   */
  public void logits(int firstToken, int count, float[] logits, PassBuffers buffers) {
    logits(firstToken, count, logits, 0, buffers);
  }

  /** As above, from {@code logits[offset]} on. */
  public void logits(int firstToken, int count, float[] logits, int offset, PassBuffers buffers) {
    backend.logits(firstToken, count, logits, offset, buffers.workspace);
  }
}
