package dev.mor4j.benchmarks.peers;

import java.io.File;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Jlama: the Vector API, no batches of sequences. Its forward pass takes token ids.
 *
 * <p>Types: {@code f32} and {@code bf16} compute in float32 over the weights as stored, {@code q4}
 * over 4-bit weights made when the model is opened. Its int8 activations need sizes of which 512 is
 * a divisor, which the shapes of the paper are not; there it takes float32 itself. Of its two sets
 * of kernels the Java one is taken: the native library of 0.8.4 computes other numbers on these
 * shapes, and {@code --check-peers} would fail.
 */
public final class JlamaEngine implements PeerEngine {
  private static final String ROOT = "com.github.tjake.jlama.";

  /** Jlama's threads, for it makes them once and refuses to be told of them again. */
  private static final Map<ClassLoader, Integer> THREADS = new ConcurrentHashMap<>();

  private final Object model;
  private final Object caches;
  private final Object logits;
  private final Method newCache;
  private final Method batchForward;
  private final Method forward;
  private final Method sample;
  private final Method slice;
  private final Method shape;
  private final Method first;
  private AutoCloseable cache;
  private int position;
  private int next;

  private JlamaEngine(ClassLoader loader, PeerSettings settings) {
    if (settings.sequences() != 1 || settings.flash()) {
      throw new IllegalArgumentException("jlama has one sequence and no flash attention");
    }
    // Read when the first of its classes that computes is loaded.
    System.setProperty("jlama.force_panama_tensor_operations", "true");
    Class<?> type = Reflected.load(loader, ROOT + "model.AbstractModel");
    Class<?> tensor = Reflected.load(loader, ROOT + "tensor.AbstractTensor");
    Class<?> kvCaches = Reflected.load(loader, ROOT + "tensor.KvBufferCache");
    Class<?> kvCache = Reflected.load(loader, ROOT + "tensor.KvBufferCache$KvBuffer");
    newCache = Reflected.method(kvCaches, "getEphemeralKvBuffer");
    batchForward = Reflected.method(type, "batchForward", int[].class, int.class, kvCache);
    forward = Reflected.method(type, "forward", int.class, int.class, kvCache, Optional.class);
    sample = Reflected.method(type, "sample", tensor, float.class, float.class, tensor);
    slice = Reflected.method(tensor, "slice", int[].class);
    shape = Reflected.method(tensor, "shape");
    first = Reflected.method(Reflected.load(loader, ROOT + "tensor.TensorShape"), "first");
    model = load(loader, settings);
    caches = Reflected.call(Reflected.constructor(kvCaches, type), null, model);
    Object config = Reflected.call(Reflected.method(type, "getConfig"), model);
    logits =
        Reflected.call(
            Reflected.method(type, "makeDenseTensor", int[].class),
            model,
            new int[] {vocabulary(config)});
  }

  /**
   * Opens a model.
   *
   * @param archives the folder of Jlama's archives
   */
  public static JlamaEngine open(Path archives, PeerSettings settings) {
    // One of its libraries looks for its own classes through the thread.
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    ClassLoader loader = PeerClassPath.of(archives);
    thread.setContextClassLoader(loader);
    try {
      return new JlamaEngine(loader, settings);
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  @Override
  public int[] prefill(int[][] prompts, int steps) {
    closeCache();
    cache = (AutoCloseable) Reflected.call(newCache, caches);
    position = prompts[0].length;
    Object rows = Reflected.call(batchForward, model, prompts[0], 0, cache);
    int last = (int) Reflected.call(first, Reflected.call(shape, rows)) - 1;
    return sample(rows, Reflected.call(slice, rows, new int[] {last}));
  }

  @Override
  public int[] step() {
    Object row = Reflected.call(forward, model, next, position++, cache, Optional.empty());
    return sample(row, row);
  }

  private int[] sample(Object owner, Object row) {
    next = (int) Reflected.call(sample, model, row, 0f, 0f, logits);
    close((AutoCloseable) owner);
    return new int[] {next};
  }

  @Override
  public void close() {
    closeCache();
    close((AutoCloseable) model);
  }

  private void closeCache() {
    if (cache != null) {
      close(cache);
      cache = null;
    }
  }

  private static void close(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      throw new IllegalStateException("cannot close " + resource, e);
    }
  }

  private static Object load(ClassLoader loader, PeerSettings settings) {
    Class<?> dtype = Reflected.load(loader, ROOT + "safetensors.DType");
    Method valueOf = Reflected.method(dtype, "valueOf", String.class);
    Object f32 = Reflected.call(valueOf, null, "F32");
    Optional<Object> quantized =
        switch (settings.type()) {
          case "f32", "bf16" -> Optional.empty();
          case "q4" -> Optional.of(Reflected.call(valueOf, null, "Q4"));
          default ->
              throw new IllegalArgumentException(
                  "type is " + settings.type() + ", expected f32, bf16 or q4");
        };
    return Reflected.call(
        Reflected.method(
            Reflected.load(loader, ROOT + "model.ModelSupport"),
            "loadModel",
            File.class,
            File.class,
            dtype,
            dtype,
            Optional.class,
            Optional.class),
        null,
        settings.model().toFile(),
        null,
        f32,
        f32,
        quantized,
        threads(loader, settings.threads()));
  }

  private static Optional<Integer> threads(ClassLoader loader, int threads) {
    Integer before = THREADS.putIfAbsent(loader, threads);
    if (before != null && before != threads) {
      throw new IllegalStateException(
          "jlama has " + before + " threads in this JVM, and cannot have " + threads);
    }
    return before == null ? Optional.of(threads) : Optional.empty();
  }

  private static int vocabulary(Object config) {
    try {
      return config.getClass().getField("vocabularySize").getInt(config);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("no vocabularySize: another version?", e);
    }
  }
}
