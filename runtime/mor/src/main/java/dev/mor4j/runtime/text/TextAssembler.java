package dev.mor4j.runtime.text;

import dev.mor4j.runtime.text.codec.TokenDecoder;
import java.util.List;
import java.util.function.Supplier;

/**
 * Turns generated tokens into text as they come. Gives out only what is certain: no half character,
 * and nothing that may still become a stop string. The work for a token does not grow with the
 * length of the text. One generation, one thread.
 *
 * <p>The text is what decoding context and generation together gives after the text of the context
 * alone. So a character whose tokens lie on both sides of the border comes out whole, and a word
 * keeps the blank before it.
 */
public final class TextAssembler {
  private final Supplier<TokenDecoder> decoders;

  /** Null once it was decoded, which the first token asks for. */
  private int[] context;

  private TokenDecoder decoder;

  /**
   * Text of the context that its decoder has not given yet, so that it comes with the first ids.
   */
  private String border = "";

  /** How much of {@link #border} has come. */
  private int borderSeen;

  private final StringBuilder piece = new StringBuilder();
  private final StopStrings stops;

  /**
   * @param decoders makes a decoder at the beginning of a text
   * @param context ids before the generation, which goes on from them; not copied
   * @param stops strings before which the text ends; none of them empty
   */
  public TextAssembler(Supplier<TokenDecoder> decoders, int[] context, List<String> stops) {
    this.decoders = decoders;
    this.context = context;
    this.stops = new StopStrings(stops);
  }

  /** Adds a token and returns the text that is certain now; check {@link #stopped()} after it. */
  public String add(int id) {
    decodeContext();
    piece.setLength(0);
    decoder.add(id, piece);
    return stops.add(piece, afterBorder());
  }

  /** Whether there are stop strings to look for. */
  boolean hasStops() {
    return !stops.isEmpty();
  }

  /** Whether a stop string has come up; what follows it is dropped. */
  public boolean stopped() {
    return stops.found();
  }

  /** The rest: what was held back, cut characters as U+FFFD. Nothing after a stop string. */
  public String finish() {
    if (stops.found()) {
      return "";
    }
    decodeContext();
    piece.setLength(0);
    decoder.finish(piece);
    return stops.add(piece, afterBorder()) + stops.rest();
  }

  private void decodeContext() {
    if (decoder != null) {
      return;
    }
    decoder = decoders.get();
    StringBuilder given = new StringBuilder();
    TokenDecoder alone = decoders.get();
    StringBuilder whole = new StringBuilder();
    for (int id : context) {
      decoder.add(id, given);
      alone.add(id, whole);
    }
    alone.finish(whole);
    border = whole.substring(Math.min(given.length(), whole.length()));
    context = null;
  }

  /** Where in {@link #piece} the generation's own text begins: behind what is the context's. */
  private int afterBorder() {
    int from = 0;
    while (borderSeen < border.length()
        && from < piece.length()
        && piece.charAt(from) == border.charAt(borderSeen)) {
      from++;
      borderSeen++;
    }
    if (from < piece.length()) {
      // The generation has begun.
      borderSeen = border.length();
      if (from > 0 && Character.isLowSurrogate(piece.charAt(from))) {
        from--;
      }
    }
    return from;
  }
}
