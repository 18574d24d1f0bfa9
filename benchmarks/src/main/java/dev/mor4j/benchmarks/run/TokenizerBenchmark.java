package dev.mor4j.benchmarks.run;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.runtime.EncodingOptions;
import dev.mor4j.runtime.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Text to token ids and back, on one thread, beside the Hugging Face library. An operation is the
 * next of many texts, each of which has a book's lines in another random order, so it was not seen
 * before. Run it in the project's folder. Besides the rate of operations, {@code bytes} is the rate
 * of the texts' bytes in UTF-8.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
public class TokenizerBenchmark {
  private static final Path BOOK = Path.of("testdata", "corpus", "alice.txt");
  private static final EncodingOptions OPTIONS = EncodingOptions.textOnly();
  private static final int MOST_TEXTS = 4_096;

  /** Whose vocabulary. */
  @Param({"qwen3", "mor3-books"})
  public String vocabulary;

  /** Who encodes: {@code mor4j}, or the library, {@code library}. */
  @Param({"mor4j", "library"})
  public String engine;

  /** Characters of a text: a long one, or a short prompt. */
  @Param({"100000", "80"})
  public int length;

  private final List<String> texts = new ArrayList<>();
  private final List<int[]> ids = new ArrayList<>();
  private final List<long[]> libraryIds = new ArrayList<>();
  private Path unpacked;
  private Tokenizer tokenizer;
  private HuggingFaceTokenizer library;
  private int next;

  /** Bytes of the texts. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Volume {
    public long bytes;
  }

  @Setup(Level.Trial)
  public void open() throws IOException {
    unpacked = Files.createTempDirectory("mor4j-tokenizer-");
    Path file = unpacked.resolve("tokenizer.json");
    if (vocabulary.equals("mor3-books")) {
      Files.copy(Path.of("checkpoints", "mor3-books", "tokenizer.json"), file);
    } else {
      Path packed = Path.of("testdata", "tokenizers", vocabulary, "tokenizer.json.gz");
      try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
        Files.copy(in, file);
      }
    }
    tokenizer = Tokenizer.open(file);
    library =
        HuggingFaceTokenizer.newInstance(file, Map.of("truncation", "false", "padding", "false"));
    List<String> lines = new ArrayList<>(Files.readString(BOOK).lines().toList());
    Random random = new Random(Texts.SEED);
    int count = Math.min(MOST_TEXTS, 20_000_000 / length);
    StringBuilder text = new StringBuilder();
    while (texts.size() < count) {
      Collections.shuffle(lines, random);
      for (String line : lines) {
        text.append(line).append(random.nextInt(8) == 0 ? "\n\n" : "\n");
        if (text.length() >= length) {
          add(text.toString());
          text.setLength(0);
        }
      }
    }
  }

  /** Checks on the way that both give the same ids. */
  private void add(String text) {
    texts.add(text);
    if (texts.size() > 64) {
      return;
    }
    long[] expected = library.encode(text, false, false).getIds();
    int[] found = tokenizer.encode(text, OPTIONS);
    for (int i = 0; i < Math.max(found.length, expected.length); i++) {
      if (found.length != expected.length || found[i] != expected[i]) {
        throw new IllegalStateException("the ids differ from the library's: " + text);
      }
    }
    ids.add(found);
    libraryIds.add(expected);
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    library.close();
    Files.delete(unpacked.resolve("tokenizer.json"));
    Files.delete(unpacked);
  }

  /** The ids of the next text. */
  @Benchmark
  public Object encode(Volume volume) {
    String text = texts.get(next);
    next = next + 1 == texts.size() ? 0 : next + 1;
    // The book is in ASCII but for some quotation marks, so characters are bytes.
    volume.bytes += text.length();
    return engine.equals("mor4j")
        ? tokenizer.encode(text, OPTIONS)
        : library.encode(text, false, false).getIds();
  }

  /** The text of the next ids. */
  @Benchmark
  public Object decode(Volume volume) {
    next = next + 1 >= ids.size() ? 0 : next + 1;
    volume.bytes += texts.get(next).length();
    return engine.equals("mor4j")
        ? tokenizer.decode(ids.get(next))
        : library.decode(libraryIds.get(next), true);
  }
}
