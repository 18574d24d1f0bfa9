package dev.mor4j.cli.depths;

import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.Token;
import dev.mor4j.runtime.TokenStream;
import java.lang.management.ManagementFactory;

/** Writes tokens as they come, and remembers when the first text came. */
public final class TokenPrinter {
  private final Terminal terminal;
  private final boolean hasText;
  private final DepthPalette palette;
  private long firstTextAt;

  /**
   * @param hasText whether tokens have text; else their ids are written
   * @param palette for the depths, or null for none
   */
  public TokenPrinter(Terminal terminal, boolean hasText, DepthPalette palette) {
    this.terminal = terminal;
    this.hasText = hasText;
    this.palette = palette;
  }

  /** Reads the stream to its end and writes each token at once, then a line feed. */
  public GenerationResult print(TokenStream tokens) {
    while (tokens.hasNext()) {
      Token token = tokens.next();
      String text = hasText ? token.text() : token.id() + " ";
      if (text.isEmpty()) {
        continue;
      }
      terminal.out().print(palette == null ? text : palette.paint(text, token.depth()));
      terminal.out().flush();
      markFirst();
    }
    terminal.out().print('\n');
    terminal.out().flush();
    return tokens.result();
  }

  /** Text has come. */
  public void markFirst() {
    if (firstTextAt == 0) {
      firstTextAt = System.currentTimeMillis();
    }
  }

  /** From the start of the JVM to the first text; 0 where there was none. */
  public long firstTextMillis() {
    // Asked for afterwards: loading the management classes takes longer than a token.
    return firstTextAt == 0 ? 0 : firstTextAt - ManagementFactory.getRuntimeMXBean().getStartTime();
  }
}
