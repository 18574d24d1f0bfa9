package dev.mor4j.runtime;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.cache.KvPlan;
import dev.mor4j.runtime.cache.KvPools;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.device.DeviceOutOfMemoryException;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.ModelChangedException;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.forward.BufferPool;
import dev.mor4j.runtime.forward.ForwardPass;
import dev.mor4j.runtime.forward.PassBuffers;
import dev.mor4j.runtime.kv.KvPageLayout;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.runtime.text.bounds.TextBoundsRules;
import dev.mor4j.runtime.text.bounds.TextFiles;
import dev.mor4j.runtime.text.codec.TextBounds;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TooManyTokensException;
import dev.mor4j.runtime.text.tokenizer.TokenizerFiles;
import dev.mor4j.runtime.weights.ModelWeights;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * An opened model: weights once, off-heap, mapped or copied, whatever the number of sessions. Make
 * one, share it between threads, and close it last.
 *
 * <pre>{@code
 * try (MorModel model = MorModel.open(Path.of("models/books")); MorSession session = model.newSession()) {
 *   session.generate("Once upon a time", GenerationOptions.defaults(), token -> System.out.print(token.text()));
 * }
 * }</pre>
 *
 * Owns the weights and the memory that sessions borrow. The threads that compute are shared by all
 * open models with the same kernels and number of threads; the last to close ends them. {@link
 * #close()} may be called again; while sessions or engines are open or a text is being scored it is
 * refused with an {@link IllegalStateException}, and the model stays usable.
 *
 * <p>A model, session or engine that is forgotten without having been closed is given back when the
 * garbage collector finds it, with a warning by {@link System.Logger} {@code dev.mor4j.runtime}; a
 * model not before its last session and engine.
 */
public final class MorModel implements AutoCloseable {
  private final Path folder;
  private final ModelConfig config;
  private final ModelWeights weights;
  private final Backend backend;
  private final ForwardPass forward;
  private final KvPools pools;
  private final BufferPool buffers;
  private final Tokenizer tokenizer;
  private final KvCacheType kvCacheType;
  private final ModelResources resources;
  private final WeightChecks checks;

  /** Owns the weights and the backend, unless this throws. */
  MorModel(
      Path folder,
      ModelOptions options,
      ModelWeights weights,
      Backend backend,
      Tokenizer tokenizer) {
    this.folder = folder;
    this.config = weights.config();
    this.weights = weights;
    this.checks = new WeightChecks(weights, options);
    this.backend = backend;
    this.tokenizer = tokenizer;
    this.kvCacheType = options.kvCache();
    this.forward = new ForwardPass(weights, backend);
    // By now a device has read all of them.
    weights.requireUnchanged();
    this.pools = newKvPools();
    int passRows = Math.min(options.passRows(), config.architecture().maxPositions());
    this.buffers = new BufferPool(backend, passRows, config.recursions());
    this.resources = new ModelResources(folder, weights, backend, pools, buffers);
    Forgotten.watch(this, resources);
  }

  /**
   * Opens the model in {@code folder}, as the converter wrote it, with the best kernels and all
   * processors.
   *
   * @throws IOException when a file is missing or is not what it should be; the message names it
   */
  public static MorModel open(Path folder) throws IOException {
    Objects.requireNonNull(folder, "folder");
    return open(folder, ModelOptions.defaults());
  }

  /**
   * Opens the model in {@code folder}, as the converter wrote it.
   *
   * @throws IOException when a file is missing or is not what it should be; the message names it
   * @throws IllegalArgumentException when this machine cannot run the kernels asked for
   * @throws IllegalStateException when native kernels or a GPU are asked for and there is no
   *     library; the message says what was tried
   * @throws DeviceOutOfMemoryException when the weights do not fit into the memory of the GPU
   * @throws ModelChangedException when the weight file changes meanwhile
   */
  public static MorModel open(Path folder, ModelOptions options) throws IOException {
    Objects.requireNonNull(folder, "folder");
    Objects.requireNonNull(options, "options");
    ModelFolder.require(folder);
    ModelWeights weights = null;
    Backend backend = null;
    try {
      ModelConfig config = ModelConfigJson.read(folder.resolve(ModelFolder.CONFIG));
      Tokenizer tokenizer = tokenizer(folder, config);
      weights = WeightChecks.open(folder.resolve(ModelFolder.WEIGHTS), config, options);
      backend = BackendSelection.select(options, weights);
      return new MorModel(folder, options, weights, backend, tokenizer);
    } catch (InternalError e) {
      closeAfterFailure(backend, weights);
      if (weights == null) {
        throw e;
      }
      throw weights.changed(e);
    } catch (IOException | RuntimeException | Error e) {
      closeAfterFailure(backend, weights);
      throw e;
    }
  }

  /** The folder's tokenizer; null where it has none. */
  private static Tokenizer tokenizer(Path folder, ModelConfig config) throws IOException {
    if (ModelFolder.tokenizer(folder).isEmpty()) {
      return null;
    }
    TokenCodec codec = TokenizerFiles.open(folder);
    TextBounds bounds = TextBoundsRules.ofConverted(config, codec).bounds();
    return new Tokenizer(codec, bounds, config.architecture().vocabulary(), folder);
  }

  private static void closeAfterFailure(Backend backend, ModelWeights weights) {
    try {
      if (backend != null) {
        backend.close();
      }
    } finally {
      if (weights != null) {
        weights.close();
      }
    }
  }

  /** The kernels that this machine can run, {@link KernelChoice#JAVA} among them. */
  public static Set<KernelChoice> runnableKernels() {
    return BackendSelection.runnable();
  }

  /** The folder that was opened. */
  public Path folder() {
    return folder;
  }

  /** What the model is. */
  public ModelConfig config() {
    return config;
  }

  /** What computes: kernels, instruction set, threads; where it is plain Java, why. */
  public String backendDescription() {
    return backend.description();
  }

  /**
   * Why nothing more can be computed, if that is so: the mapped weight file was changed, replaced
   * or deleted. Asks the file system. Requests of sessions and engines end with the same exception.
   * Copied weights, and those on a GPU, depend on no file.
   */
  public Optional<ModelChangedException> change() {
    return checks.change();
  }

  /** Number type of the keys and values that sessions keep. */
  public KvCacheType kvCacheType() {
    return kvCacheType;
  }

  /** Bytes of the weights, mapped or copied. */
  public long weightBytes() {
    return weights.byteSize();
  }

  /** The model's tokenizer, if its folder has one. */
  public Optional<Tokenizer> tokenizer() {
    return Optional.ofNullable(tokenizer);
  }

  /**
   * The id that a text begins with: the first that the model puts before every text, else the
   * beginning of text of its configuration; -1 without either.
   */
  public int textStartId() {
    int[] begin = tokenizer == null ? new int[0] : tokenizer.beginIds();
    return begin.length > 0 ? begin[0] : config.architecture().bosTokenId();
  }

  /** A new session with all recursions and the threshold as trained. The caller closes it. */
  public MorSession newSession() {
    return newSession(SessionOptions.defaults());
  }

  /**
   * A new session. The caller closes it.
   *
   * @throws IllegalArgumentException when the options ask for more than the model has
   */
  public MorSession newSession(SessionOptions options) {
    Objects.requireNonNull(options, "options");
    int contextLength = contextLength(options.contextLength());
    RoutingSettings settings = settings(RoutingMode.THRESHOLD, options);
    ModelResources.Use use = resources.use();
    try {
      return new MorSession(this, settings, contextLength, use);
    } catch (RuntimeException | Error e) {
      use.leave();
      throw e;
    }
  }

  /**
   * An engine that serves many requests at the same time. The caller closes it before the model.
   *
   * @throws IllegalArgumentException when {@link EngineOptions#kvBytes()} has no room for one
   *     sequence, or is more than the limits of the machine and its container leave
   * @throws DeviceOutOfMemoryException when a GPU has not the memory that {@link
   *     EngineOptions#kvBytes()} allows it to take
   */
  public MorEngine newEngine(EngineOptions options) {
    Objects.requireNonNull(options, "options");
    ModelResources.Use use = resources.use();
    try {
      return new MorEngine(this, options, use);
    } catch (RuntimeException | Error e) {
      use.leave();
      throw e;
    }
  }

  /**
   * Scores a whole text: the logits of every token, with routing decided as {@code mode} says.
   *
   * @param ids token ids, 1 to {@code max_position_embeddings}
   * @param mode {@link RoutingMode#TOP_K} as models are trained and scored, {@link
   *     RoutingMode#THRESHOLD} as they generate
   * @param options recursions and threshold; the context length is not used
   * @param consumer receives the logits
   * @return for each token in how many recursions it took part
   */
  public int[] score(int[] ids, RoutingMode mode, SessionOptions options, LogitsConsumer consumer) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(consumer, "consumer");
    return score(ids, mode, options, RouterConsumer.NONE, consumer);
  }

  /** As above; {@code routers} receives what the routers say. */
  public int[] score(
      int[] ids,
      RoutingMode mode,
      SessionOptions options,
      RouterConsumer routers,
      LogitsConsumer consumer) {
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(options, "options");
    Objects.requireNonNull(routers, "routers");
    Objects.requireNonNull(consumer, "consumer");
    ArchitectureConfig sizes = config.architecture();
    checkIds(ids, ids.length);
    if (ids.length == 0 || ids.length > sizes.maxPositions()) {
      throw new IllegalArgumentException(
          "a text of " + ids.length + " tokens, expected 1 to " + sizes.maxPositions());
    }
    RoutingSettings settings = settings(mode, options);
    checks.beforeRequest();
    resources.enter();
    try (SequenceCaches caches = new SequenceCaches(forward.kvPlan(), pools)) {
      PassBuffers lent = buffers.take();
      try {
        int[] depths = new int[ids.length];
        if (!routers.equals(RouterConsumer.NONE)) {
          // Whoever listens has to be told, so a backend does not decide by itself then.
          lent.tapRouters(routers::accept);
        }
        forward.run(ids, 0, ids.length, caches, settings, lent, depths);
        int step = lent.maxLogitRows();
        float[] logits =
            new float[Math.multiplyExact(Math.min(step, ids.length), sizes.vocabulary())];
        for (int first = 0; first < ids.length; first += step) {
          int count = Math.min(step, ids.length - first);
          forward.logits(first, count, logits, lent);
          consumer.accept(first, count, logits);
        }
        return depths;
      } finally {
        buffers.giveBack(lent);
      }
    } finally {
      resources.leave();
    }
  }

  /**
   * Appends one token to each of several sessions and takes them through the model in the same
   * passes, which read the weights once for all. The logits of a session are those it would have
   * alone, bit for bit.
   *
   * @param sessions of this model, distinct, idle, with the same options; used by this call until
   *     it returns
   * @param ids the token of each session
   * @param logits receives [sessions, V]
   * @throws IllegalArgumentException when a session is of another model or other options, or full,
   *     or an id or the size of {@code logits} is out of range
   * @throws IllegalStateException when a session is closed or in use
   */
  public void step(List<MorSession> sessions, int[] ids, float[] logits) {
    Objects.requireNonNull(sessions, "sessions");
    Objects.requireNonNull(ids, "ids");
    Objects.requireNonNull(logits, "logits");
    checkIds(ids, ids.length);
    if (ids.length != sessions.size() || ids.length == 0) {
      throw new IllegalArgumentException(
          ids.length + " token ids for " + sessions.size() + " sessions, expected one each");
    }
    int needed = Math.multiplyExact(ids.length, config.architecture().vocabulary());
    if (logits.length < needed) {
      throw new IllegalArgumentException(
          "room for " + logits.length + " logits, expected " + needed);
    }
    SessionStep.run(this, sessions, ids, logits);
  }

  /** Checks that the first {@code count} ids are in the vocabulary. */
  void checkIds(int[] ids, int count) {
    int vocabulary = config.architecture().vocabulary();
    for (int i = 0; i < count; i++) {
      if (ids[i] < 0 || ids[i] >= vocabulary) {
        throw new IllegalArgumentException(
            "token id " + ids[i] + " at place " + i + ", expected 0 to " + (vocabulary - 1));
      }
    }
  }

  /** Tokens that end a text; a copy. */
  int[] endIds() {
    return config.architecture().eosTokenIds().stream().mapToInt(Integer::intValue).toArray();
  }

  int contextLength(int asked) {
    int most = config.architecture().maxPositions();
    if (asked > most) {
      throw new IllegalArgumentException(
          "contextLength is " + asked + ", expected at most the model's " + most);
    }
    return asked == 0 ? most : asked;
  }

  RoutingSettings settings(RoutingMode mode, SessionOptions options) {
    int maxRecursions = options.maxRecursions();
    double threshold = options.probabilityThreshold();
    boolean asTrained = threshold == SessionOptions.TRAINED_THRESHOLD;
    int recursions = config.recursions();
    if (maxRecursions > recursions) {
      throw new IllegalArgumentException(
          "maxRecursions is " + maxRecursions + ", expected at most the model's " + recursions);
    }
    if (!asTrained && !(config.routing() instanceof RoutingConfig.ExpertChoice)) {
      throw new IllegalArgumentException(
          "probabilityThreshold is " + threshold + ", but only expert-choice routing has one");
    }
    return new RoutingSettings(
        mode == RoutingMode.TOP_K,
        maxRecursions == 0 ? recursions : maxRecursions,
        asTrained ? 0 : RoutingSettings.logit(threshold));
  }

  ForwardPass forward() {
    return forward;
  }

  KvPlan kvPlan() {
    return forward.kvPlan();
  }

  KvPools kvPools() {
    return pools;
  }

  /** Buffers of their own for passes of up to {@code rows} rows. The caller owns them. */
  BufferPool newBuffers(int rows) {
    return new BufferPool(backend, rows, config.recursions());
  }

  /** Caches beside those of sessions. The caller owns them. */
  KvPools newKvPools() {
    return new KvPools(forward.kvPlan(), config.architecture(), kvCacheType, backend.pageMemory());
  }

  /** Bytes that pages could have now; {@link Long#MAX_VALUE} where nobody keeps count. */
  long availableKvBytes() {
    return backend.pageMemory().availableBytes();
  }

  /** What a sequence's caches hold whose first {@code tokens} tokens were computed. */
  KvStatistics kvStatistics(int tokens, SequenceCaches caches) {
    ArchitectureConfig sizes = config.architecture();
    KvPageLayout vanilla =
        new KvPageLayout(sizes.layers(), sizes.kvHeads(), sizes.headDim(), kvCacheType);
    return new KvStatistics(
        tokens,
        caches.entries(),
        caches.usedBytes(),
        caches.heldBytes(),
        tokens * vanilla.entryBytes());
  }

  /**
   * The ids of a prompt.
   *
   * @param begins whether it begins a text, so that the ids that the model puts before one come
   * @param maxTokens most ids
   * @throws TooManyTokensException when there are more; the rest of the prompt was not looked at
   */
  PromptTokens promptIds(String prompt, GenerationOptions options, boolean begins, int maxTokens) {
    Tokenizer known =
        tokenizer()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "the model "
                            + folder
                            + " has no tokenizer ("
                            + TextFiles.described()
                            + "); give token ids"));
    return known.prompt(prompt, options, begins, maxTokens);
  }

  /** To be asked before each request. */
  WeightChecks checks() {
    return checks;
  }

  BufferPool buffers() {
    return buffers;
  }

  ModelResources resources() {
    return resources;
  }

  @Override
  public void close() {
    try {
      resources.close();
    } finally {
      // Until here: what is being closed is not forgotten.
      Reference.reachabilityFence(this);
    }
  }

  /** The folder, what the model is, and what computes. */
  @Override
  public String toString() {
    ArchitectureConfig sizes = config.architecture();
    return "MorModel["
        + folder
        + ", "
        + sizes.layers()
        + " layers of width "
        + sizes.hidden()
        + ", "
        + config.recursions()
        + (config.recursions() == 1 ? " recursion, " : " recursions, ")
        + weights.byteSize()
        + " bytes of weights, "
        + backend.description()
        + (resources.isOpen() ? "]" : ", closed]");
  }
}
