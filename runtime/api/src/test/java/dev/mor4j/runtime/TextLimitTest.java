package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.sun.management.ThreadMXBean;
import dev.mor4j.testing.ProjectFiles;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** The length of a text is held against its limit before it is tokenized. */
class TextLimitTest {
  @Test
  void whatCannotFitIsNotLookedAt() throws IOException {
    Tokenizer tokenizer =
        Tokenizer.open(ProjectFiles.root().resolve("checkpoints/mor3-books/tokenizer.json"));
    String text = "the sea and ".repeat(1_000_000);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    assertRefused(tokenizer, text);
    long before = threads.getCurrentThreadAllocatedBytes();
    assertRefused(tokenizer, text);
    // Not even its bytes are made.
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(text.length() / 10);
  }

  private static void assertRefused(Tokenizer tokenizer, String text) {
    EncodingOptions options = EncodingOptions.defaults().withMaxTokens(100);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tokenizer.encode(text, options))
        .withMessageContaining("more than 100 tokens");
  }
}
