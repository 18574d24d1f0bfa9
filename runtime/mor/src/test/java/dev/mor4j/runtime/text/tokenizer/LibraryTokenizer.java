package dev.mor4j.runtime.text.tokenizer;

import static org.junit.jupiter.api.Assumptions.abort;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** The Hugging Face library's tokenizer, in its native code. */
final class LibraryTokenizer implements AutoCloseable {
  private final HuggingFaceTokenizer tokenizer;

  private LibraryTokenizer(HuggingFaceTokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  /** Opens a file; where the native code does not load, the test is skipped and says why. */
  static LibraryTokenizer open(Path file) throws IOException {
    try {
      return new LibraryTokenizer(
          HuggingFaceTokenizer.builder()
              .optTokenizerPath(file)
              .optAddSpecialTokens(false)
              .optTruncation(false)
              .optPadding(false)
              .build());
    } catch (UnsatisfiedLinkError | ExceptionInInitializerError | NoClassDefFoundError e) {
      return abort("the library's native code does not load: " + e);
    }
  }

  int[] encode(String text, boolean addSpecial) {
    return Arrays.stream(tokenizer.encode(text, addSpecial, false).getIds())
        .mapToInt(Math::toIntExact)
        .toArray();
  }

  String decode(int[] ids, boolean skipSpecial) {
    return tokenizer.decode(Arrays.stream(ids).asLongStream().toArray(), skipSpecial);
  }

  @Override
  public void close() {
    tokenizer.close();
  }

  /** A text as ASCII, for messages. */
  static String escaped(String text) {
    var out = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (c >= ' ' && c < 0x7F) {
                out.append((char) c);
              } else {
                out.append("\\u{").append(Integer.toHexString(c)).append('}');
              }
            });
    return out.toString();
  }
}
