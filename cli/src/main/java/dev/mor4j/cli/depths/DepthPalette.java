package dev.mor4j.cli.depths;

import java.util.List;

/** A colour for each depth, from none (grey) over shallow (blue) to deep (red). */
public final class DepthPalette {
  private static final List<Integer> ANSI = List.of(245, 39, 78, 214, 203, 177);
  private static final List<String> HTML =
      List.of("#e4e4e4", "#c5dcff", "#c9efcf", "#ffe3a8", "#ffc2b8", "#e3c8f7");
  private static final String RESET = "\u001b[0m";

  private final boolean colours;

  public DepthPalette(boolean colours) {
    this.colours = colours;
  }

  /** {@code text} in the colour of {@code depth}; without colours, with the depth after it. */
  public String paint(String text, int depth) {
    if (text.isEmpty()) {
      return text;
    }
    if (colours) {
      return start(depth) + text.replace("\n", RESET + "\n" + start(depth)) + RESET;
    }
    // Before a line feed or space that ends the token, so that the digit stands at its word.
    int end = text.stripTrailing().length();
    return text.substring(0, end) + digits(depth) + text.substring(end);
  }

  /** What the colours mean, for depths up to {@code most}. */
  public String legend(int most) {
    StringBuilder legend = new StringBuilder("depth:");
    for (int depth = 0; depth <= most; depth++) {
      legend.append(' ').append(colours ? paint(Integer.toString(depth), depth) : digits(depth));
    }
    return legend.toString();
  }

  /** The background of {@code depth} in a page. */
  static String html(int depth) {
    return HTML.get(Math.min(depth, HTML.size() - 1));
  }

  private static String start(int depth) {
    return "\u001b[38;5;" + ANSI.get(Math.min(depth, ANSI.size() - 1)) + "m";
  }

  private static String digits(int depth) {
    StringBuilder digits = new StringBuilder();
    for (char digit : Integer.toString(depth).toCharArray()) {
      digits.append((char) ('₀' + digit - '0'));
    }
    return digits.toString();
  }
}
