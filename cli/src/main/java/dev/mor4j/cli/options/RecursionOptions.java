package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import picocli.CommandLine;

/** How many recursions run, and which tokens take part. */
public final class RecursionOptions {
  @CommandLine.Option(
      names = "--max-recursions",
      paramLabel = "N",
      defaultValue = "0",
      description = "Run at most so many recursions. Default: all of the model's.")
  int maxRecursions;

  @CommandLine.Option(
      names = "--threshold",
      paramLabel = "P",
      defaultValue = "0.5",
      description =
          "Router probability from which a token takes part in a recursion, 0 to 1"
              + " (expert-choice with threshold routing). Default: ${DEFAULT-VALUE}, as trained.")
  double threshold;

  public SessionOptions options() {
    return SessionOptions.defaults().withMaxRecursions(maxRecursions).withThreshold(threshold);
  }

  /** A threshold that nothing would look at is a mistake. */
  public SessionOptions options(RoutingMode mode) {
    if (mode == RoutingMode.TOP_K && threshold != 0.5) {
      throw new UsageException("--threshold has no meaning with --routing topk");
    }
    return options();
  }
}
