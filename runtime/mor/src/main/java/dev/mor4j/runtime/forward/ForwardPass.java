package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.DecodePlan;
import dev.mor4j.runtime.backend.DecodeProgram;
import dev.mor4j.runtime.backend.DecodeStep;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.cache.KvPlan;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.sampling.Sampler;
import dev.mor4j.runtime.weights.ModelWeights;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The way of a token from its id to its logits: embedding, unique first layer, the recursions that
 * its router gives it, unique last layer, head. Prepared once for a model, shared between threads;
 * what changes lives in {@link SequenceCaches} and {@link PassBuffers}.
 *
 * <p>Source: docs/forward-pass.md, section 2.
 */
public final class ForwardPass {
  private static final int[] NO_ROWS = {};

  private final ModelConfig config;
  private final Backend backend;
  private final RowRunner rowRunner;
  private final KvPlan plan;
  private final RecursionRouter router;
  private final NextTokens nextTokens;

  /** Null without a router. */
  private final BlockRunner block;

  /**
   * No router: all layers for each number of recursions that may run, index {@code maxRecursions -
   * 1}; else empty.
   */
  private final List<PreparedLayers> unrolled = new ArrayList<>();

  private final PreparedLayers first;
  private final PreparedLayers last;

  /**
   * Programs that take tokens all the way, where the backend has them: one with a router, else one
   * for each number of recursions that may run.
   */
  private final List<DecodeProgram> programs = new ArrayList<>();

  public ForwardPass(ModelWeights weights, Backend backend) {
    this.config = weights.config();
    this.backend = backend;
    this.rowRunner = new RowRunner(backend);
    this.plan = KvPlan.of(config);
    this.nextTokens = new NextTokens(backend, config.architecture().vocabulary());
    boolean routed = !(config.routing() instanceof RoutingConfig.None);
    int lastLayer = config.architecture().layers() - 1;
    boolean ends = config.sharing().uniqueAtEachEnd() == 1;
    this.first = routed && ends ? uniqueLayer(weights, 0, 0) : null;
    this.last = routed && ends ? uniqueLayer(weights, lastLayer, 1) : null;
    this.block = routed ? new BlockRunner(weights, backend, rowRunner, plan) : null;
    this.router =
        switch (config.routing()) {
          case RoutingConfig.ExpertChoice expert ->
              new ExpertChoiceRouter(expert, weights, backend);
          case RoutingConfig.TokenChoice token -> new TokenChoiceRouter(token, weights, backend);
          case RoutingConfig.None none -> new UnroutedTokens();
        };
    if (!routed) {
      for (int recursions = 1; recursions <= config.recursions(); recursions++) {
        unrolled.add(unrolled(weights, recursions));
      }
    }
    preparePrograms();
  }

  private void preparePrograms() {
    boolean firstStoresAll = config.caching() != Caching.RECURSION_WISE;
    if (block != null) {
      DecodePlan decode =
          new DecodePlan(
              Optional.ofNullable(first),
              block.blocks(),
              Optional.ofNullable(last),
              router.prepared(),
              firstStoresAll);
      backend.prepare(decode).ifPresent(programs::add);
    }
    for (PreparedLayers layers : unrolled) {
      DecodePlan decode =
          new DecodePlan(
              Optional.of(layers), List.of(), Optional.empty(), Optional.empty(), firstStoresAll);
      backend.prepare(decode).ifPresent(programs::add);
    }
  }

  private PreparedLayers uniqueLayer(ModelWeights weights, int layer, int kvLayer) {
    return backend.prepare(
        List.of(new CachedLayer(weights.layer(layer), kvLayer, KvMode.APPEND)),
        plan.commonLayers());
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
      buffers.tokens.set(i, ids[position + i], position + i, caches, settings);
    }
    run(count, settings, count == 1, buffers);
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
      buffers.tokens.set(i, ids[i], positions[i], caches[i], settings);
    }
    run(count, settings, true, buffers);
  }

  /**
   * @param apart whether each token is of another sequence
   */
  private void run(int count, RoutingSettings settings, boolean apart, PassBuffers buffers) {
    buffers.tokens.count = count;
    if (apart && isForProgram(count, settings, buffers)) {
      runProgram(count, settings, null, buffers);
      return;
    }
    if (settings.topK() && !buffers.tokens.isOneSequence()) {
      throw new IllegalArgumentException("top-k routing takes the tokens of one sequence");
    }
    System.arraycopy(buffers.all, 0, buffers.active, 0, count);
    int active = enter(buffers.active, count, buffers);
    while (active > 0) {
      active = recurse(buffers.active, active, buffers);
    }
    leave(buffers.all, count, buffers);
  }

  private boolean isForProgram(int count, RoutingSettings settings, PassBuffers buffers) {
    return !programs.isEmpty()
        && buffers.mayDecideThere(settings.topK())
        && count <= buffers.workspace.maxRows();
  }

  /**
   * As {@link #run(int[], int, int, SequenceCaches, RoutingSettings, PassBuffers, int[])}, and
   * chooses the next token after the last. {@link PassBuffers#choices()} has it then.
   */
  public void runAndChoose(
      int[] ids,
      int position,
      int count,
      SequenceCaches caches,
      RoutingSettings settings,
      PassBuffers buffers,
      int[] depths,
      Sampler sampler) {
    TokenChoices choices = buffers.choices();
    choices.clear();
    choices.add(count - 1, sampler, position + count);
    if (count == 1
        && isForProgram(count, settings, buffers)
        && nextTokens.areAllForBackend(choices)) {
      buffers.reserve(1);
      buffers.tokens.set(0, ids[position], position, caches, settings);
      buffers.tokens.count = 1;
      runProgram(1, settings, choices, buffers);
      depths[position] = buffers.tokens.depths[0];
    } else {
      run(ids, position, count, caches, settings, buffers, depths);
      choose(choices, buffers);
    }
  }

  /**
   * All stages by a program of the backend.
   *
   * @param choices the next token of each row in turn; null where none is wanted
   */
  private void runProgram(
      int count, RoutingSettings settings, TokenChoices choices, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    int most = settings.maxRecursions();
    DecodeStep step = buffers.decodeStep(block == null ? 0 : config.recursions());
    step.clear();
    step.count = count;
    step.ids = tokens.ids;
    step.depths = tokens.depths;
    step.maxRecursions = most;
    step.logitThreshold = settings.logitThreshold();
    if (choices != null) {
      step.samplers = choices.samplers;
      step.positions = choices.positions;
      step.tokens = choices.tokens;
    }
    RowRunner.place(plan, count, most, step, tokens);
    programs.get(block == null ? most - 1 : 0).run(step, buffers.workspace);
    if (choices != null) {
      NextTokens.noteUnusable(choices);
    }
    if (block == null) {
      router.enter(buffers.all, count, buffers);
    } else {
      RowRunner.withdraw(plan, count, most, tokens);
    }
  }

  /**
   * Takes new tokens up to the block: embedding, unique first layer, and the decision about their
   * first recursion. Those of one sequence come in order of position, after all of its tokens
   * before them have left.
   *
   * @param rows rows of {@link PassBuffers#tokens} where they were put
   * @return how many of {@code rows} are in the block; they come first then, in the same order, and
   *     behind them those that are through
   */
  public int enter(int[] rows, int count, PassBuffers buffers) {
    backend.embed(buffers.workspace, buffers.tokens.ids, rows, count);
    if (first != null) {
      rowRunner.runCommon(first, rows, count, true, buffers);
    }
    return router.enter(rows, count, buffers);
  }

  /**
   * One pass of the block over tokens that are in it, each in its recursion, and the decision about
   * their next one. All tokens of a sequence that are at a recursion take it together.
   *
   * @return how many of {@code rows} are still in the block; as {@link #enter}
   */
  public int recurse(int[] rows, int count, PassBuffers buffers) {
    return recurse(rows, count, NO_ROWS, 0, buffers);
  }

  /**
   * As {@link #recurse(int[], int, PassBuffers)}, with tokens that are through beside them, whose
   * results are dropped: what a batch of a fixed shape costs. Expert-choice only; elsewhere they
   * are left out.
   */
  public int recurse(int[] rows, int count, int[] padding, int padded, PassBuffers buffers) {
    if (block != null) {
      block.run(rows, count, padding, padded, buffers);
    } else {
      runUnrolled(rows, count, buffers);
    }
    return router.next(rows, count, buffers);
  }

  /** All layers in one pass, for each number of recursions that may run. */
  private void runUnrolled(int[] rows, int count, PassBuffers buffers) {
    int done = 0;
    for (int recursions = 1; done < count; recursions++) {
      int there = 0;
      for (int i = 0; i < count; i++) {
        if (buffers.tokens.settings[rows[i]].maxRecursions() == recursions) {
          buffers.group[there++] = rows[i];
        }
      }
      if (there > 0) {
        rowRunner.runCommon(unrolled.get(recursions - 1), buffers.group, there, true, buffers);
        done += there;
      }
    }
  }

  /**
   * Takes tokens that are through the block to the hidden states that the head reads. Those of one
   * sequence leave in order of position.
   */
  public void leave(int[] rows, int count, PassBuffers buffers) {
    router.leave(rows, count, buffers);
    if (last != null) {
      rowRunner.runCommon(last, rows, count, false, buffers);
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
    logits(buffers.all, firstToken, count, logits, offset, buffers);
  }

  /**
   * The logits of the tokens in {@code rows[from ..]}, which have left the block.
   *
   * @param logits receives [count, V] from {@code logits[offset]} on
   * @param count at most {@link PassBuffers#maxLogitRows()}
   */
  public void logits(
      int[] rows, int from, int count, float[] logits, int offset, PassBuffers buffers) {
    backend.logits(rows, from, count, logits, offset, buffers.workspace);
  }

  /** Chooses the next tokens of rows that have left the block. */
  public void choose(TokenChoices choices, PassBuffers buffers) {
    nextTokens.choose(choices, buffers);
  }
}
