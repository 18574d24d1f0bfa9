package dev.mor4j.runtime;

import dev.mor4j.runtime.text.TextAssembler;

/**
 * The text of token ids that come one by one; see {@link Tokenizer#stream}. The pieces joined are
 * what decoding all ids at once gives. No piece ends inside a character; one that spreads over
 * several tokens comes with the last of them. One thread.
 */
public final class DecodedStream {
  private final TextAssembler assembler;

  DecodedStream(TextAssembler assembler) {
    this.assembler = assembler;
  }

  /** Takes the next id and returns the text that is certain now, which may be empty. */
  public String add(int id) {
    return assembler.add(id);
  }

  /** The rest, with a character that was cut as U+FFFD. Nothing may be added after it. */
  public String finish() {
    return assembler.finish();
  }
}
