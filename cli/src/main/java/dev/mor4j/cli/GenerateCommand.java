package dev.mor4j.cli;

import dev.mor4j.cli.depths.DepthPalette;
import dev.mor4j.cli.depths.TokenPrinter;
import dev.mor4j.cli.options.ColourOption;
import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.GivenOptions;
import dev.mor4j.cli.options.JsonOption;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.options.RecursionOptions;
import dev.mor4j.cli.options.SamplingOptions;
import dev.mor4j.cli.options.SpecialTokenOptions;
import dev.mor4j.cli.options.TextTokens;
import dev.mor4j.cli.report.GenerationReport;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Json;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.TokenStream;
import dev.mor4j.runtime.engine.NonFiniteLogitsException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j generate}: text from a model, as it comes. */
@CommandLine.Command(
    name = "generate",
    header = "Generates text and writes it as it comes.",
    description = {
      "Writes the text that follows the prompt, without the prompt. A model without a tokenizer"
          + " needs --prompt-ids, and the ids that it generates are written."
    },
    sortOptions = false)
final class GenerateCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Mixin ModelArguments model;

  @CommandLine.ArgGroup(multiplicity = "1")
  Prompt prompt;

  @CommandLine.Mixin SpecialTokenOptions special;
  @CommandLine.Mixin SamplingOptions sampling;
  @CommandLine.Mixin RecursionOptions recursions;

  @CommandLine.Option(
      names = "--routing",
      paramLabel = "MODE",
      defaultValue = "threshold",
      description =
          "How tokens are routed: threshold. topk is refused, because it looks at the whole text, even"
              + " at what is still to come.")
  RoutingMode routing;

  @CommandLine.Option(
      names = "--context",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "The most tokens of prompt and text together. Default: what the model was made for.")
  int context;

  @CommandLine.Option(
      names = "--show-depths",
      description = "Colour each token by the number of recursions that it took.")
  boolean showDepths;

  @CommandLine.Mixin ColourOption colour;

  @CommandLine.Option(
      names = "--stats",
      description = "Show speed, depths and memory on the error output at the end.")
  boolean stats;

  @CommandLine.Mixin JsonOption json;

  @CommandLine.Mixin CommonOptions common;

  @CommandLine.Spec CommandLine.Model.CommandSpec spec;

  /** One of them. */
  static final class Prompt {
    @CommandLine.Option(
        names = {"-p", "--prompt"},
        paramLabel = "TEXT",
        description = "The text to continue.")
    String text;

    @CommandLine.Option(
        names = "--prompt-file",
        paramLabel = "FILE",
        description = "A UTF-8 file with the text to continue.")
    Path file;

    @CommandLine.Option(
        names = "--prompt-ids",
        paramLabel = "ID",
        split = ",",
        description = "The token ids to continue, taken as they are, such as 0,764,309.")
    List<Integer> ids;
  }

  GenerateCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    if (json.wanted) {
      new GivenOptions(spec)
          .refuse(
              List.of("--show-depths", "--stats"),
              "with --json: the document has the depths of all tokens and the statistics");
    }
    if (!showDepths) {
      new GivenOptions(spec).refuse(List.of("--color"), "without --show-depths");
    }
    if (routing == RoutingMode.TOP_K) {
      throw new UsageException(
          "--routing topk cannot generate: it chooses among all tokens of the text, those to come"
              + " too, so it is not causal; use threshold");
    }
    if (prompt.ids != null) {
      new GivenOptions(spec)
          .refuse(SpecialTokenOptions.NAMES, "with --prompt-ids, which are taken as they are");
    }
    GenerationOptions options = special.prompt(sampling.options());
    SessionOptions settings = recursions.options().withContextLength(context);
    try (MorModel opened = model.open();
        MorSession session = opened.newSession(settings);
        TokenStream tokens = stream(opened, session, options)) {
      TokenPrinter printer =
          new TokenPrinter(
              terminal,
              opened.tokenizer().isPresent(),
              showDepths ? new DepthPalette(colour.wanted(terminal)) : null);
      GenerationResult result = json.wanted ? drain(tokens, printer) : printer.print(tokens);
      result.warnings().forEach(warning -> terminal.say("mor4j: warning: %s", warning));
      GenerationReport report =
          new GenerationReport(opened, session, result, printer.firstTextMillis());
      if (json.wanted) {
        Json.write(report.json(), terminal.out());
      } else {
        if (showDepths) {
          terminal.say(
              "%s", new DepthPalette(colour.wanted(terminal)).legend(opened.config().recursions()));
        }
        if (stats) {
          report.lines().forEach(line -> terminal.say("%s", line));
        }
      }
    } catch (NonFiniteLogitsException e) {
      throw new IOException(e.getMessage(), e);
    }
    return ExitCode.SUCCESS;
  }

  private TokenStream stream(MorModel opened, MorSession session, GenerationOptions options)
      throws IOException {
    if (prompt.ids != null) {
      return session.stream(prompt.ids.stream().mapToInt(Integer::intValue).toArray(), options);
    }
    String text = prompt.text != null ? prompt.text : TextTokens.read(prompt.file);
    ModelArguments.tokenizer(opened);
    return session.stream(text, options);
  }

  private static GenerationResult drain(TokenStream tokens, TokenPrinter printer) {
    while (tokens.hasNext()) {
      tokens.next();
      printer.markFirst();
    }
    return tokens.result();
  }
}
