package dev.mor4j.cli;

import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.JsonOption;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.options.QuietOption;
import dev.mor4j.cli.options.RecursionOptions;
import dev.mor4j.cli.options.WindowOptions;
import dev.mor4j.cli.report.ProgressBars;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Json;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.converter.verify.ModelComparison;
import dev.mor4j.converter.verify.TextWindows;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.SessionOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j compare}: what two models of one shape say of a text. */
@CommandLine.Command(
    name = "compare",
    header = "Compares two models on a text, such as one and its quantised copy.",
    description = {
      "The models must have the same sizes and the same tokenizer. The text is cut into windows, as"
          + " perplexity does it. Shows the mean negative log-likelihood of both, how often they"
          + " agree on the most likely token and on the routing, and how far their probabilities"
          + " are apart."
    },
    sortOptions = false)
final class CompareCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Parameters(
      index = "0",
      paramLabel = "A",
      description = "The folder of a converted model.")
  Path folderOfA;

  @CommandLine.Parameters(
      index = "1",
      paramLabel = "B",
      description = "The folder of the model to compare with A.")
  Path folderOfB;

  @CommandLine.Mixin WindowOptions windows;
  @CommandLine.Mixin RecursionOptions recursions;
  @CommandLine.Mixin ModelArguments.KernelOptions kernels;

  @CommandLine.Mixin JsonOption json;

  @CommandLine.Mixin QuietOption quiet;
  @CommandLine.Mixin CommonOptions common;

  CompareCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    SessionOptions options = recursions.options(windows.routing);
    String content = windows.read();
    try (MorModel a = ModelArguments.open(folderOfA, kernels.options());
        MorModel b = ModelArguments.open(folderOfB, kernels.options())) {
      TextWindows texts = windows.of(content, a);
      ModelComparison result;
      try (ProgressBars bars = ProgressBars.of(terminal, quiet.wanted || json.wanted)) {
        bars.scored(0, texts.count());
        result =
            ModelComparison.run(
                a, b, texts, windows.routing, options, done -> bars.scored(done, texts.count()));
      }
      if (json.wanted) {
        Json.write(json(result), terminal.out());
      } else {
        print(result);
      }
    }
    return ExitCode.SUCCESS;
  }

  private void print(ModelComparison result) {
    terminal
        .out()
        .print(
            Sizes.format(
                """
                negative log-likelihood  %.6f (A), %.6f (B): %+.6f nats per token
                perplexity               %.4f (A), %.4f (B)
                same most likely token   %s of tokens
                same routing             %s of decisions%s
                KL(A‖B)                  %.6f mean, %.4f largest, nats
                largest difference       %.4f of a logit
                windows                  %s of %d tokens: %s tokens, routing %s
                """,
                result.likelihood().natsOfA(),
                result.likelihood().natsOfB(),
                result.likelihood().natsOfB() - result.likelihood().natsOfA(),
                Math.exp(result.likelihood().natsOfA()),
                Math.exp(result.likelihood().natsOfB()),
                share(result.sameTop(), result.tokens()),
                share(result.decisions().same(), result.decisions().all()),
                result.decisions().clear() == 0
                    ? ""
                    : Sizes.format(
                        "; %s of those with a router more than %.2f from the threshold",
                        share(result.decisions().sameClear(), result.decisions().clear()),
                        ModelComparison.CLEAR_MARGIN),
                result.distance().meanDivergence(),
                result.distance().largestDivergence(),
                result.distance().largestLogit(),
                Sizes.count(result.windows()),
                windows.window,
                Sizes.count(result.tokens()),
                Commands.label(windows.routing)));
  }

  private static String share(long part, long all) {
    return Sizes.format("%.3f %%", 100.0 * part / all);
  }

  private Map<String, Object> json(ModelComparison result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("a", folderOfA.toString());
    json.put("b", folderOfB.toString());
    json.put("nll_nats_per_token_a", result.likelihood().natsOfA());
    json.put("nll_nats_per_token_b", result.likelihood().natsOfB());
    json.put("perplexity_a", Math.exp(result.likelihood().natsOfA()));
    json.put("perplexity_b", Math.exp(result.likelihood().natsOfB()));
    json.put("window", windows.window);
    json.put("windows", result.windows());
    json.put("tokens", result.tokens());
    json.put("routing", Commands.label(windows.routing));
    json.put("same_top_tokens", result.sameTop());
    json.put("routing_decisions", result.decisions().all());
    json.put("same_routing_decisions", result.decisions().same());
    json.put("clear_routing_decisions", result.decisions().clear());
    json.put("same_clear_routing_decisions", result.decisions().sameClear());
    json.put("mean_kl_nats", result.distance().meanDivergence());
    json.put("largest_kl_nats", result.distance().largestDivergence());
    json.put("largest_logit_difference", result.distance().largestLogit());
    return json;
  }
}
