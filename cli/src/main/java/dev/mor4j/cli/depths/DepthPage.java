package dev.mor4j.cli.depths;

import dev.mor4j.cli.page.Html;
import dev.mor4j.cli.terminal.Sizes;
import java.util.List;

/** A text with its depths as a page that needs no other file. */
public final class DepthPage {
  private static final String STYLE =
      """
      body { font: 16px/1.7 Georgia, serif; max-width: 46em; margin: 2em auto; padding: 0 1em;
             color: #1b1b1b; background: #fff; }
      h1 { font-size: 1.3em; }
      table { border-collapse: collapse; margin: 1em 0; font: 14px/1.5 sans-serif; }
      th, td { padding: .15em .9em .15em 0; text-align: right; }
      .swatch { display: inline-block; width: 1.6em; border-radius: 3px; text-align: center; }
      .bar { display: inline-block; height: .7em; border-radius: 2px; }
      td.share { text-align: left; }
      .text { white-space: pre-wrap; overflow-wrap: anywhere; }
      .text span { border-radius: 3px; }
      """;

  private final String title;
  private final int[] ids;
  private final List<String> pieces;
  private final int[] depths;
  private final DepthCounts counts;

  /**
   * @param ids of the tokens
   * @param pieces text of each token
   * @param depths of each token
   * @param counts of the depths
   */
  public DepthPage(String title, int[] ids, List<String> pieces, int[] depths, DepthCounts counts) {
    this.title = title;
    this.ids = ids;
    this.pieces = pieces;
    this.depths = depths;
    this.counts = counts;
  }

  /** The page. */
  public String html() {
    StringBuilder page = new StringBuilder();
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>")
        .append(Html.escape(title))
        .append("</title>\n<style>\n")
        .append(STYLE);
    for (int depth = 0; depth <= counts.recursions(); depth++) {
      page.append(Sizes.format(".d%d { background: %s; }%n", depth, DepthPalette.html(depth)));
    }
    page.append("</style>\n</head>\n<body>\n<h1>").append(Html.escape(title)).append("</h1>\n");
    legend(page);
    page.append("<div class=\"text\">");
    for (int i = 0; i < ids.length; i++) {
      if (!pieces.get(i).isEmpty()) {
        page.append(
            Sizes.format(
                "<span class=\"d%d\" title=\"depth %d · token %d · id %d\">%s</span>",
                depths[i], depths[i], i, ids[i], Html.escape(pieces.get(i))));
      }
    }
    return page.append("</div>\n</body>\n</html>\n").toString();
  }

  private void legend(StringBuilder page) {
    page.append(
        """
        <p>Each token is coloured by its depth: the number of recursions it takes part in.</p>
        <table>
        <tr><th>depth</th><th>tokens</th><th>share</th><th></th></tr>
        """);
    for (int depth = 0; depth <= counts.recursions(); depth++) {
      double share = 100.0 * counts.count(depth) / counts.tokens();
      page.append(
          Sizes.format(
              "<tr><td><span class=\"swatch d%d\">%d</span></td><td>%s</td><td>%.1f %%</td>"
                  + "<td class=\"share\"><span class=\"bar d%d\" style=\"width: %.1fem\">"
                  + "</span></td></tr>%n",
              depth, depth, Sizes.count(counts.count(depth)), share, depth, share / 5));
    }
    page.append("</table>\n<p>Active per recursion: ").append(counts.sharesText()).append("</p>\n");
  }
}
