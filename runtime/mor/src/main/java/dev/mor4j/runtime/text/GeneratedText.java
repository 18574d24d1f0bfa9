package dev.mor4j.runtime.text;

import dev.mor4j.runtime.engine.FinishReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What one generation has given so far: ids, depths and texts of its tokens, and why it ends. A
 * generation ends, in this order of precedence, with a token that ends texts, with a stop string,
 * with its most tokens, or with its context.
 *
 * <p>Where there are stop strings, the text is made as tokens come. Otherwise it is made when
 * somebody asks for it, so that a generation whose text nobody reads costs none: {@link #add}
 * allocates nothing then, after {@link #reserve}.
 *
 * <p>It has two halves. Texts are what {@link #textCount}, {@link #text}, {@link #makeText} and
 * {@link #makeTexts} are about; the rest is ids and the end. Not thread-safe; two threads may use a
 * half each, if no stop strings were given and one of them guards what the other asks for.
 */
public final class GeneratedText {
  private final int[] endIds;
  private final int maxNewTokens;

  /** Null where the model has no tokenizer: all texts are empty then. */
  private final TextAssembler assembler;

  private final boolean looksForStops;
  private final List<String> texts = new ArrayList<>();
  private int[] ids = new int[16];
  private int[] depths = new int[16];
  private int firstPosition;
  private int count;
  private FinishReason reason;

  /**
   * @param endIds tokens that end a text
   * @param maxNewTokens most tokens, at least 1
   * @param assembler makes the texts; null for empty ones
   */
  public GeneratedText(int[] endIds, int maxNewTokens, TextAssembler assembler) {
    this.endIds = endIds;
    this.maxNewTokens = maxNewTokens;
    this.assembler = assembler;
    this.looksForStops = assembler != null && assembler.hasStops();
  }

  /** Makes room for up to {@code tokens} tokens in all. */
  public void reserve(int tokens) {
    int needed = Math.min(tokens, maxNewTokens);
    if (needed > ids.length) {
      ids = Arrays.copyOf(ids, needed);
      depths = Arrays.copyOf(depths, needed);
    }
  }

  /**
   * Adds a token.
   *
   * @param depth in how many recursions the position that predicted it took part
   * @param position its place in the text, prompt included
   * @param contextIsFull whether it had no room in the context
   * @return why the generation ends with it; null when it goes on
   */
  public FinishReason add(int id, int depth, int position, boolean contextIsFull) {
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, 2 * count);
      depths = Arrays.copyOf(depths, 2 * count);
    }
    firstPosition = count == 0 ? position : firstPosition;
    ids[count] = id;
    depths[count++] = depth;
    String text = looksForStops ? assembler.add(id) : null;
    reason = reasonToEnd(id, contextIsFull);
    if (text != null) {
      texts.add(reason == null ? text : text + assembler.finish());
    }
    return reason;
  }

  private FinishReason reasonToEnd(int id, boolean contextIsFull) {
    for (int end : endIds) {
      if (end == id) {
        return FinishReason.END_OF_TEXT;
      }
    }
    if (looksForStops && assembler.stopped()) {
      return FinishReason.STOP;
    }
    if (count >= maxNewTokens) {
      return FinishReason.LENGTH;
    }
    return contextIsFull ? FinishReason.CONTEXT_FULL : null;
  }

  /** Ends it by something that no token says. What is held back of its text is dropped. */
  public void end(FinishReason why) {
    reason = why;
  }

  /** Why it has ended; null while it goes on. */
  public FinishReason reason() {
    return reason;
  }

  /** Whether the text is made as tokens come, because stop strings are looked for in it. */
  public boolean looksForStops() {
    return looksForStops;
  }

  /** Tokens given. */
  public int count() {
    return count;
  }

  public int id(int index) {
    return ids[index];
  }

  /** In how many recursions the position that predicted the token took part. */
  public int depth(int index) {
    return depths[index];
  }

  /** The token's place in the text, prompt included. */
  public int position(int index) {
    return firstPosition + index;
  }

  /** Whether the generation is complete with this token, so that nothing of its text is dropped. */
  public boolean completes(int index) {
    return index == count - 1
        && reason != null
        && reason != FinishReason.CANCELLED
        && reason != FinishReason.DEADLINE;
  }

  /** Tokens whose texts are made. */
  public int textCount() {
    return texts.size();
  }

  /** The text of a token, which was made. */
  public String text(int index) {
    return texts.get(index);
  }

  /**
   * Makes the next text.
   *
   * @param id of token {@link #textCount()}
   * @param completes what {@link #completes} says of that token
   */
  public void makeText(int id, boolean completes) {
    if (assembler == null) {
      texts.add("");
      return;
    }
    String text = assembler.add(id);
    texts.add(completes ? text + assembler.finish() : text);
  }

  /** Makes the texts of all tokens given so far. */
  public void makeTexts() {
    while (texts.size() < count) {
      makeText(ids[texts.size()], completes(texts.size()));
    }
  }
}
