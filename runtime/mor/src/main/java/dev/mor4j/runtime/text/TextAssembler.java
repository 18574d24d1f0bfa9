package dev.mor4j.runtime.text;

import java.util.Arrays;
import java.util.List;

/**
 * Turns generated tokens into text as they come. Gives out only what is certain: no half character,
 * and nothing that may still become a stop string. One generation, one thread.
 */
public final class TextAssembler {
  private static final char REPLACEMENT = '\uFFFD';

  /** Decodes ids[from, to). */
  @FunctionalInterface
  public interface Decoder {
    String decode(int[] ids, int from, int to);
  }

  private final Decoder decoder;
  private final List<String> stops;
  private int[] ids;
  private int count;

  /**
   * A window [windowStart, windowEnd) of ids whose text was given out; decoding goes on with its
   * context.
   */
  private int windowStart;

  private int windowEnd;
  private final StringBuilder held = new StringBuilder();
  private boolean stopped;

  /**
   * @param context ids before the generation, so that the first piece is decoded as a continuation
   */
  public TextAssembler(Decoder decoder, int[] context, List<String> stops) {
    this.decoder = decoder;
    this.stops = stops;
    int kept = Math.min(context.length, 8);
    this.ids =
        Arrays.copyOf(Arrays.copyOfRange(context, context.length - kept, context.length), 64);
    this.count = kept;
    this.windowEnd = kept;
  }

  /** Adds a token and returns the text that is certain now; check {@link #stopped()} after it. */
  public String add(int id) {
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, 2 * ids.length);
    }
    ids[count++] = id;
    String known = decoder.decode(ids, windowStart, windowEnd);
    String all = decoder.decode(ids, windowStart, count);
    boolean whole = all.isEmpty() || all.charAt(all.length() - 1) != REPLACEMENT;
    if (all.length() > known.length() && whole) {
      held.append(all, known.length(), all.length());
      windowStart = windowEnd;
      windowEnd = count;
    }
    return release();
  }

  /** Whether a stop string has come up; what follows it is dropped. */
  public boolean stopped() {
    return stopped;
  }

  /** The rest: what was held back, cut characters as U+FFFD. Nothing after a stop string. */
  public String finish() {
    if (stopped) {
      return "";
    }
    String known = decoder.decode(ids, windowStart, windowEnd);
    String all = decoder.decode(ids, windowStart, count);
    if (all.length() > known.length()) {
      held.append(all, known.length(), all.length());
    }
    String released = release();
    String rest = stopped ? "" : held.toString();
    held.setLength(0);
    return released + rest;
  }

  private String release() {
    if (stops.isEmpty()) {
      String released = held.toString();
      held.setLength(0);
      return released;
    }
    int stop = -1;
    for (String text : stops) {
      int at = held.indexOf(text);
      if (at >= 0 && (stop < 0 || at < stop)) {
        stop = at;
      }
    }
    int certain = held.length();
    if (stop >= 0) {
      stopped = true;
      certain = stop;
    } else {
      for (String text : stops) {
        certain = Math.min(certain, held.length() - overlap(held, text));
      }
    }
    String released = held.substring(0, certain);
    held.delete(0, stopped ? held.length() : certain);
    return released;
  }

  /** The longest end of {@code text} that {@code stop} begins with. */
  private static int overlap(StringBuilder text, String stop) {
    for (int n = Math.min(text.length(), stop.length() - 1); n > 0; n--) {
      if (text.indexOf(stop.substring(0, n), text.length() - n) == text.length() - n) {
        return n;
      }
    }
    return 0;
  }
}
