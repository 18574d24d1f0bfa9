package dev.mor4j.benchmarks.peers;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.BiConsumer;

/**
 * llama.cpp through {@code de.kherud:llama}. Requests are handed over as the server's JSON, below
 * the binding's public methods: these take no token ids, and llama.cpp does. Ids come back as text,
 * {@code <17>}, of the vocabulary that the export gives a model without a tokenizer.
 *
 * <p>The engine generates on a thread of its own as soon as a prompt is through; {@link #step}
 * waits for it. Sequences are its slots, which it computes in one batch.
 */
public final class LlamaCppEngine implements PeerEngine {
  private static final int BATCH = 512;

  /**
   * Tokens beyond those asked for: sequences whose prompts were through first are ahead, and keep
   * running until the last has what it needs.
   */
  private static final int AHEAD = 64;

  private final Object model;
  private final Method request;
  private final Method receive;
  private final Method cancel;
  private final Method close;
  private final Field text;
  private final Field stop;
  private int[] tasks = {};

  private LlamaCppEngine(ClassLoader loader, String prefix, PeerSettings settings) {
    Class<?> type = Reflected.load(loader, prefix + ".LlamaModel");
    Class<?> output = Reflected.load(loader, prefix + ".LlamaOutput");
    request = Reflected.method(type, "requestCompletion", String.class);
    receive = Reflected.method(type, "receiveCompletion", int.class);
    cancel = Reflected.method(type, "cancelCompletion", int.class);
    close = Reflected.method(type, "close");
    text = field(output, "text");
    stop = field(output, "stop");
    silence(loader, prefix, type);
    Class<?> parameters = Reflected.load(loader, prefix + ".ModelParameters");
    model =
        Reflected.call(
            Reflected.constructor(type, parameters), null, parameters(parameters, settings));
  }

  /**
   * Opens a model.
   *
   * @param archives the folder of the binding's archives
   */
  public static LlamaCppEngine open(java.nio.file.Path archives, PeerSettings settings) {
    return open(PeerClassPath.of(archives), "de.kherud.llama", settings);
  }

  /**
   * Opens a model through the binding whose classes {@code loader} has in package {@code prefix}.
   */
  static LlamaCppEngine open(ClassLoader loader, String prefix, PeerSettings settings) {
    return new LlamaCppEngine(loader, prefix, settings);
  }

  @Override
  public int[] prefill(int[][] prompts, int steps) {
    end();
    int ahead = prompts.length > 1 ? AHEAD : 0;
    tasks = new int[prompts.length];
    for (int i = 0; i < prompts.length; i++) {
      tasks[i] = (int) Reflected.call(request, model, request(prompts[i], 1 + steps + ahead));
    }
    return step();
  }

  @Override
  public int[] step() {
    int[] ids = new int[tasks.length];
    for (int i = 0; i < tasks.length; i++) {
      ids[i] = receive(tasks[i]);
    }
    return ids;
  }

  /** Stops what is still generating: the next prompts should have the machine for themselves. */
  private void end() {
    for (int task : tasks) {
      Reflected.call(cancel, model, task);
    }
    tasks = new int[0];
  }

  @Override
  public void close() {
    end();
    Reflected.call(close, model);
  }

  private int receive(int task) {
    Object output = Reflected.call(receive, model, task);
    try {
      String token = (String) text.get(output);
      if (token.isEmpty() && (boolean) stop.get(output)) {
        throw new IllegalStateException("the sequence ended early");
      }
      return id(token);
    } catch (IllegalAccessException e) {
      throw new IllegalStateException("cannot read the output", e);
    }
  }

  /** The id that {@code <17>} tells. */
  static int id(String token) {
    if (!token.matches("<\\d{1,9}>")) {
      throw new IllegalStateException(
          "found the text '" + token + "', expected one token like <17>: another vocabulary?");
    }
    return Integer.parseInt(token, 1, token.length() - 1, 10);
  }

  /** Greedy by the cheapest sampler there is: of the top 1, no temperature, no penalties. */
  static String request(int[] prompt, int tokens) {
    return String.format(
        Locale.ROOT,
        """
        {"prompt": %s, "n_predict": %d, "stream": true, "cache_prompt": false, "ignore_eos": true,
         "samplers": ["top_k"], "top_k": 1, "temperature": 0.0, "repeat_penalty": 1.0, "n_probs": 0}
        """,
        Arrays.toString(prompt),
        tokens);
  }

  private static Object parameters(Class<?> type, PeerSettings settings) {
    Object parameters = Reflected.call(Reflected.constructor(type), null);
    int context = (settings.context() + AHEAD) * settings.sequences();
    set(type, parameters, "setThreads", settings.threads());
    set(type, parameters, "setThreadsBatch", settings.threads());
    set(type, parameters, "setCtxSize", context);
    set(type, parameters, "setBatchSize", BATCH);
    set(type, parameters, "setUbatchSize", BATCH);
    set(type, parameters, "setParallel", settings.sequences());
    Reflected.call(
        Reflected.method(type, "setModel", String.class), parameters, settings.model().toString());
    Reflected.call(Reflected.method(type, "enableMlock"), parameters);
    Reflected.call(Reflected.method(type, "disableLog"), parameters);
    if (settings.flash()) {
      Reflected.call(Reflected.method(type, "enableFlashAttn"), parameters);
    }
    return parameters;
  }

  private static void set(Class<?> type, Object parameters, String name, int value) {
    Reflected.call(Reflected.method(type, name, int.class), parameters, value);
  }

  private static void silence(ClassLoader loader, String prefix, Class<?> type) {
    Class<?> format = Reflected.load(loader, prefix + ".args.LogFormat");
    BiConsumer<Object, Object> nothing = (level, message) -> {};
    Reflected.call(
        Reflected.method(type, "setLogger", format, BiConsumer.class),
        null,
        format.getEnumConstants()[0],
        nothing);
  }

  private static Field field(Class<?> type, String name) {
    try {
      Field field = type.getDeclaredField(name);
      field.setAccessible(true);
      return field;
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException(type + " has no " + name + ": another version?", e);
    }
  }
}
