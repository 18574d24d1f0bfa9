package dev.mor4j.runtime;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.TextAssembler;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * Text to token ids and back, as the model's {@code tokenizer.json} says. Owned by its model; any
 * thread.
 */
public final class Tokenizer {
  private static final Map<String, String> OPTIONS =
      Map.of("truncation", "false", "padding", "false");

  /** System property: how much SLF4J reports of itself. It is read once. */
  private static final String VERBOSITY = "slf4j.internal.verbosity";

  static {
    // The library counts its uses over the network unless told not to, by this setting of its own.
    if (System.getenv("OPT_OUT_TRACKING") == null
        && System.getProperty("OPT_OUT_TRACKING") == null) {
      System.setProperty("OPT_OUT_TRACKING", "true");
    }
  }

  private final HuggingFaceTokenizer tokenizer;
  private final int vocabulary;

  /**
   * The model that closes the library: whoever has this may use it, so the model is not forgotten.
   */
  private MorModel owner;

  private Tokenizer(HuggingFaceTokenizer tokenizer, int vocabulary) {
    this.tokenizer = tokenizer;
    this.vocabulary = vocabulary;
  }

  /**
   * Starts to read {@code file} on a thread of its own: that takes longer than all the rest of
   * opening a model, and most of it is waiting for another library to load.
   */
  static FutureTask<HuggingFaceTokenizer> startReading(Path file) {
    FutureTask<HuggingFaceTokenizer> reading =
        new FutureTask<>(
            () -> {
              prepareLogging();
              try (InputStream json = Files.newInputStream(file)) {
                return HuggingFaceTokenizer.newInstance(json, OPTIONS);
              } catch (RuntimeException e) {
                throw new ModelFormatException(file, "not a tokenizer: " + e.getMessage(), e);
              }
            });
    Thread.ofPlatform().daemon().name("mor4j-tokenizer").start(reading);
    return reading;
  }

  /**
   * Initialises the logging API that the library uses, without the warning that there is no
   * provider. An application that has one, or says how much that API reports, is left alone.
   */
  private static void prepareLogging() {
    if (System.getProperty(VERBOSITY) != null
        || System.getProperty(LoggerFactory.PROVIDER_PROPERTY_KEY) != null
        || ServiceLoader.load(SLF4JServiceProvider.class, LoggerFactory.class.getClassLoader())
            .stream()
            .findAny()
            .isPresent()) {
      return;
    }
    System.setProperty(VERBOSITY, "ERROR");
    try {
      LoggerFactory.getILoggerFactory();
    } finally {
      System.clearProperty(VERBOSITY);
    }
  }

  /** Waits for what {@link #startReading} has started. */
  static Tokenizer finishReading(FutureTask<HuggingFaceTokenizer> reading, int vocabulary)
      throws IOException {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return new Tokenizer(reading.get(), vocabulary);
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          switch (e.getCause()) {
            case IOException cause -> throw cause;
            case RuntimeException cause -> throw cause;
            case Error cause -> throw cause;
            default -> throw new IllegalStateException(e.getCause());
          }
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Keeps the model that owns this reachable for as long as this is. */
  void keepsReachable(MorModel model) {
    owner = model;
  }

  /** Closes the library; does not refer to this. */
  Runnable closer() {
    return tokenizer::close;
  }

  /** The ids of {@code text}, with the tokens that the tokenizer itself puts around a text. */
  public int[] encode(String text) {
    Objects.requireNonNull(text, "text");
    long[] ids = libraryIds(text, true);
    int[] result = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= vocabulary) {
        throw new IllegalArgumentException(
            "the tokenizer gives id "
                + ids[i]
                + ", expected less than the vocabulary of "
                + vocabulary);
      }
      result[i] = (int) ids[i];
    }
    return result;
  }

  /**
   * The ids of {@code text} with {@code start} before them, unless they begin with it or it is
   * negative.
   */
  public int[] encode(String text, int start) {
    int[] ids = encode(text);
    if (start < 0 || (ids.length > 0 && ids[0] == start)) {
      return ids;
    }
    int[] withStart = new int[ids.length + 1];
    withStart[0] = start;
    System.arraycopy(ids, 0, withStart, 1, ids.length);
    return withStart;
  }

  /**
   * The text of each id: joined, the text of all. Where several tokens make one character, the last
   * of them has it and the others are empty; special tokens are empty.
   */
  public List<String> pieces(int... ids) {
    Objects.requireNonNull(ids, "ids");
    TextAssembler assembler = new TextAssembler(this::decode, new int[0], List.of());
    List<String> pieces = new ArrayList<>(ids.length);
    for (int i = 0; i < ids.length; i++) {
      String piece = assembler.add(ids[i]);
      pieces.add(i == ids.length - 1 ? piece + assembler.finish() : piece);
    }
    return pieces;
  }

  /** The text of {@code ids}, without special tokens; a character that is cut comes as U+FFFD. */
  public String decode(int... ids) {
    Objects.requireNonNull(ids, "ids");
    return decode(ids, 0, ids.length);
  }

  String decode(int[] ids, int from, int to) {
    long[] wide = new long[to - from];
    for (int i = from; i < to; i++) {
      wide[i - from] = ids[i];
    }
    return libraryText(wide);
  }

  private long[] libraryIds(String text, boolean withSpecialTokens) {
    try {
      return tokenizer.encode(text, withSpecialTokens, false).getIds();
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private String libraryText(long[] ids) {
    try {
      return tokenizer.decode(ids, true);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** The id of the special token {@code content}, if the vocabulary has it as one token. */
  public OptionalInt specialToken(String content) {
    Objects.requireNonNull(content, "content");
    long[] ids = libraryIds(content, false);
    boolean one = ids.length == 1 && ids[0] < vocabulary;
    return one && libraryText(ids).isEmpty() ? OptionalInt.of((int) ids[0]) : OptionalInt.empty();
  }

  void close() {
    tokenizer.close();
  }

  @Override
  public String toString() {
    return "Tokenizer["
        + vocabulary
        + " tokens"
        + (owner == null ? "]" : " of " + owner.folder() + "]");
  }
}
