package dev.mor4j.cli;

import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.JsonOption;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Json;
import dev.mor4j.cli.terminal.Sizes;
import dev.mor4j.cli.terminal.TemporaryFolder;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.converter.CheckpointInspection;
import dev.mor4j.converter.verify.Verification;
import dev.mor4j.runtime.MorModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j verify}: a model's outputs against those expected. */
@CommandLine.Command(
    name = "verify",
    header = "Compares what a model computes with expected outputs.",
    description = {
      "Passes (exit code 0) only when every logit is within the tolerance and every routing"
          + " decision is as expected. A checkpoint is converted to a temporary folder first.",
      "FILE has the tensors input_ids [B, T], logits [B, T, V] and active_0 to active_N-1 [B, T]."
          + " Those for threshold routing have the same names after threshold_."
    },
    sortOptions = false)
final class VerifyCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Parameters(
      index = "0",
      paramLabel = "MODEL",
      description = "The folder of a converted model or of a checkpoint.")
  Path folder;

  @CommandLine.Option(
      names = "--expected",
      required = true,
      paramLabel = "FILE",
      description = "A safetensors file with the expected outputs.")
  Path expected;

  @CommandLine.Option(
      names = "--tolerance",
      paramLabel = "D",
      defaultValue = "1e-3",
      description = "The largest difference of a logit that passes. Default: ${DEFAULT-VALUE}.")
  double tolerance;

  @CommandLine.Mixin ModelArguments.KernelOptions kernels;

  @CommandLine.Mixin JsonOption json;

  @CommandLine.Mixin CommonOptions common;

  VerifyCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    ModelArguments.requireFolder(folder);
    if (CheckpointInspection.inspect(folder).kind() == CheckpointInspection.Kind.CONVERTED) {
      return verify(folder);
    }
    try (TemporaryFolder temporary = new TemporaryFolder()) {
      Path converted = temporary.path().resolve("model");
      ConvertCommand.convert(terminal, folder, converted, false, json.wanted);
      return verify(converted);
    }
  }

  private int verify(Path converted) throws IOException {
    List<Verification> results;
    String backend;
    try (MorModel model = ModelArguments.open(converted, kernels.options())) {
      backend = model.backendDescription();
      results = Verification.run(model, expected, tolerance);
    }
    boolean passed = results.stream().allMatch(Verification::passed);
    if (json.wanted) {
      Map<String, Object> document = new LinkedHashMap<>();
      document.put("passed", passed);
      document.put("kernels", backend);
      document.put("results", results.stream().map(VerifyCommand::json).toList());
      Json.write(document, terminal.out());
    } else {
      results.forEach(result -> terminal.out().println(line(result)));
      terminal.out().println((passed ? "passed" : "FAILED") + ", with " + backend);
    }
    return passed ? ExitCode.SUCCESS : ExitCode.VERIFICATION_FAILED;
  }

  /** A result for people. */
  static String line(Verification result) {
    return Sizes.format(
        "%-9s  %d × %d tokens: largest logit difference %.2e (tolerance %.0e), %d of %s routing"
            + " decisions differ: %s",
        Commands.label(result.mode()),
        result.texts(),
        result.tokens(),
        result.largestDifference(),
        result.tolerance(),
        result.differentDecisions(),
        Sizes.count(result.decisions()),
        result.passed() ? "ok" : "FAILED");
  }

  private static Map<String, Object> json(Verification result) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("routing", Commands.label(result.mode()));
    json.put("texts", result.texts());
    json.put("tokens", result.tokens());
    json.put("largest_logit_difference", result.largestDifference());
    json.put("tolerance", result.tolerance());
    json.put("routing_decisions", result.decisions());
    json.put("different_routing_decisions", result.differentDecisions());
    json.put("passed", result.passed());
    return json;
  }
}
