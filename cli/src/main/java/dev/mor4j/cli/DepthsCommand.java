package dev.mor4j.cli;

import dev.mor4j.cli.depths.DepthCounts;
import dev.mor4j.cli.depths.DepthPage;
import dev.mor4j.cli.depths.DepthPalette;
import dev.mor4j.cli.options.ColourOption;
import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.options.RecursionOptions;
import dev.mor4j.cli.options.SpecialTokenOptions;
import dev.mor4j.cli.options.TextOption;
import dev.mor4j.cli.options.TextTokens;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j depths}: which tokens of a text recurse how often. */
@CommandLine.Command(
    name = "depths",
    header = "Shows a text with each token coloured by its depth.",
    description = {
      "The depth of a token is the number of recursions it takes part in. The text is taken as one"
          + " whole, up to the longest text that the model can take."
    },
    sortOptions = false)
final class DepthsCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Mixin ModelArguments model;

  @CommandLine.Mixin TextOption text;
  @CommandLine.Mixin SpecialTokenOptions special;

  @CommandLine.Option(
      names = "--html",
      paramLabel = "FILE",
      description = "Also write a page to FILE; it needs no other file.")
  Path html;

  @CommandLine.Option(
      names = "--routing",
      paramLabel = "MODE",
      defaultValue = "threshold",
      description = "How tokens are routed: threshold or topk. Default: ${DEFAULT-VALUE}.")
  RoutingMode routing;

  @CommandLine.Mixin RecursionOptions recursions;

  @CommandLine.Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "0",
      description = "Take only the first N tokens. Default: all that the model can take.")
  int limit;

  @CommandLine.Mixin ColourOption colour;
  @CommandLine.Mixin CommonOptions common;

  DepthsCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (limit < 0) {
      throw new UsageException("--limit is " + limit + ", expected 1 or more, or 0 for all");
    }
    SessionOptions options = recursions.options(routing);
    String content = text.read();
    try (MorModel opened = model.open()) {
      Tokenizer tokenizer = ModelArguments.tokenizer(opened);
      int[] all = TextTokens.of(opened, content, special.encoding());
      int most = opened.config().architecture().maxPositions();
      int count = Math.min(all.length, limit == 0 ? most : Math.min(limit, most));
      if (count == 0) {
        throw new UsageException(text.file + " is empty, expected some text");
      }
      int[] ids = Arrays.copyOf(all, count);
      int[] depths = opened.score(ids, routing, options, (first, rows, logits) -> {});
      DepthCounts counts = new DepthCounts(opened.config().recursions());
      counts.add(depths);
      List<String> pieces = tokenizer.pieces(ids);
      print(pieces, depths, counts);
      if (html != null) {
        String title = text.file.getFileName() + " · " + Commands.label(routing) + " routing";
        Files.writeString(html, new DepthPage(title, ids, pieces, depths, counts).html());
        terminal.say("wrote %s", html);
      }
      if (count < all.length) {
        terminal.say("shown: the first %d of %d tokens", count, all.length);
      }
    }
    return ExitCode.SUCCESS;
  }

  private void print(List<String> pieces, int[] depths, DepthCounts counts) {
    DepthPalette palette = new DepthPalette(colour.wanted(terminal));
    StringBuilder painted = new StringBuilder();
    for (int i = 0; i < depths.length; i++) {
      painted.append(palette.paint(pieces.get(i), depths[i]));
    }
    painted.append("\n\n").append(palette.legend(counts.recursions())).append('\n');
    for (int depth = 0; depth <= counts.recursions(); depth++) {
      painted.append(
          Sizes.format(
              "  depth %d  %6d tokens  %5.1f %%%n",
              depth, counts.count(depth), 100.0 * counts.count(depth) / counts.tokens()));
    }
    painted.append("active per recursion: ").append(counts.sharesText()).append('\n');
    terminal.out().print(painted);
  }
}
