package dev.mor4j.cli;

import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.JsonOption;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.options.QuietOption;
import dev.mor4j.cli.options.RecursionOptions;
import dev.mor4j.cli.options.WindowOptions;
import dev.mor4j.cli.report.Perplexity;
import dev.mor4j.cli.report.ProgressBars;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Json;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.converter.verify.TextWindows;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.SessionOptions;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j perplexity}: how well a model predicts a text. */
@CommandLine.Command(
    name = "perplexity",
    header = "Scores a text by the mean negative log-likelihood of its tokens.",
    description = {
      "The text, with the tokens that the model puts around one, is cut into windows, each of which is a"
          + " text of its own. The model reads the W tokens of a window and is scored on the token"
          + " that follows each of them. Only whole windows count."
    },
    sortOptions = false)
final class PerplexityCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Mixin ModelArguments model;

  @CommandLine.Mixin WindowOptions windows;

  @CommandLine.Mixin RecursionOptions recursions;

  @CommandLine.Mixin JsonOption json;

  @CommandLine.Mixin QuietOption quiet;
  @CommandLine.Mixin CommonOptions common;

  PerplexityCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    SessionOptions options = recursions.options(windows.routing);
    String content = windows.read();
    try (MorModel opened = model.open()) {
      TextWindows texts = windows.of(content, opened);
      Perplexity result;
      try (ProgressBars bars = ProgressBars.of(terminal, quiet.wanted || json.wanted)) {
        result = Perplexity.of(opened, texts, windows.routing, options, bars);
      }
      if (json.wanted) {
        Json.write(json(result), terminal.out());
      } else {
        print(result);
      }
    }
    return ExitCode.SUCCESS;
  }

  private void print(Perplexity result) {
    terminal
        .out()
        .print(
            Sizes.format(
                """
                negative log-likelihood  %.6f nats per token
                perplexity               %.4f
                windows                  %s of %d tokens: %s tokens
                routing                  %s
                active per recursion     %s
                """,
                result.nats(),
                Math.exp(result.nats()),
                Sizes.count(result.windows()),
                windows.window,
                Sizes.count(result.tokens()),
                Commands.label(windows.routing),
                result.depths().sharesText()));
  }

  private Map<String, Object> json(Perplexity result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("nll_nats_per_token", result.nats());
    json.put("perplexity", Math.exp(result.nats()));
    json.put("window", windows.window);
    json.put("windows", result.windows());
    json.put("tokens", result.tokens());
    json.put("routing", Commands.label(windows.routing));
    json.put("active_per_recursion", result.depths().shares());
    return json;
  }
}
