package dev.mor4j.cli;

import dev.mor4j.cli.depths.DepthPalette;
import dev.mor4j.cli.depths.TokenPrinter;
import dev.mor4j.cli.options.ColourOption;
import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.report.GenerationReport;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.converter.SourceRecord;
import dev.mor4j.converter.verify.Verification;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.TokenStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j demo}: the bundled model, from checkpoint to text. */
@CommandLine.Command(
    name = "demo",
    header = "Converts the bundled trained model, runs it and verifies it.",
    description = {
      "The model was trained for an hour on books. It writes English sentences, but they make no"
          + " sense. The converted model stays in models/mor3-books, and later demos use it again"
          + " while the checkpoint is the same."
    },
    sortOptions = false)
final class DemoCommand implements Callable<Integer> {
  private static final String NAME = "mor3-books";
  private static final double TOLERANCE = 1e-3;

  private final Terminal terminal;

  @CommandLine.Option(
      names = {"-p", "--prompt"},
      paramLabel = "TEXT",
      defaultValue = "The captain looked at the sea and",
      description = "The text to continue. Default: ${DEFAULT-VALUE}")
  String prompt;

  @CommandLine.Option(
      names = {"-n", "--max-new-tokens"},
      paramLabel = "N",
      defaultValue = "160",
      description = "The most tokens to generate. Default: ${DEFAULT-VALUE}.")
  int maxNewTokens;

  @CommandLine.Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "7",
      description = "The seed of the random choices. Default: ${DEFAULT-VALUE}.")
  long seed;

  @CommandLine.Mixin ColourOption colour;
  @CommandLine.Mixin CommonOptions common;

  DemoCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    GenerationOptions options =
        GenerationOptions.defaults().withMaxNewTokens(maxNewTokens).withSeed(seed);
    Path home = home();
    Path checkpoint = home.resolve("checkpoints").resolve(NAME);
    Path folder = home.resolve("models").resolve(NAME);
    if (SourceRecord.matches(folder, checkpoint)) {
      step(1, "The model folder " + folder + " is there already, made from the same checkpoint.");
    } else {
      step(1, "Converting the checkpoint " + checkpoint + " to the model folder " + folder + ".");
      ConvertCommand.convert(terminal, checkpoint, folder, Files.exists(folder), false);
    }
    DepthPalette palette = new DepthPalette(colour.wanted(terminal));
    try (MorModel model = ModelArguments.open(folder, ModelOptions.defaults())) {
      step(
          2,
          "Generating up to "
              + maxNewTokens
              + " tokens after a prompt. The colour of each token, or the digit after it, says how"
              + " many recursions it took.");
      GenerationReport report = generate(model, options, palette);
      step(3, "Comparing the model's outputs with those of the authors' code.");
      // After the text, so that the time to the first text is that of a model already known good.
      List<Verification> results =
          Verification.run(model, checkpoint.resolve("expected.safetensors"), TOLERANCE);
      terminal.out().println();
      report.lines().forEach(terminal.out()::println);
      terminal.out().println("against what the authors' code computes from the same weights:");
      results.forEach(result -> terminal.out().println("  " + VerifyCommand.line(result)));
      return results.stream().allMatch(Verification::passed)
          ? ExitCode.SUCCESS
          : ExitCode.VERIFICATION_FAILED;
    }
  }

  /** Says what is done next, beside the results. */
  private void step(int number, String what) {
    terminal.out().flush();
    terminal.say("mor4j demo, step %d of 3: %s", number, what);
  }

  private GenerationReport generate(
      MorModel model, GenerationOptions options, DepthPalette palette) {
    try (MorSession session = model.newSession();
        TokenStream tokens = session.stream(prompt, options)) {
      TokenPrinter printer = new TokenPrinter(terminal, true, palette);
      terminal.out().print(prompt);
      GenerationResult result = printer.print(tokens);
      terminal.out().println();
      terminal
          .out()
          .println(
              palette.legend(model.config().recursions())
                  + "  (recursions that each token took, of "
                  + model.config().recursions()
                  + ")");
      return new GenerationReport(model, session, result, printer.firstTextMillis());
    }
  }

  /** The project's root folder, which the launcher knows. */
  private static Path home() throws IOException {
    String home = System.getProperty("mor4j.home");
    if (home == null) {
      throw new UsageException(
          "the demo needs the project's folder: start it with the launcher ./mor4j, or give the"
              + " JVM -Dmor4j.home=FOLDER");
    }
    Path checkpoint = Path.of(home, "checkpoints", NAME);
    ModelArguments.requireFolder(checkpoint);
    return Path.of(home);
  }
}
