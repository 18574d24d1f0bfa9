package dev.mor4j.cli.options;

import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/** How many recursions run, and which tokens take part. */
public final class RecursionOptions {
  private static final String THRESHOLD = "--probability-threshold";

  @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
  CommandLine.Model.CommandSpec command;

  @CommandLine.Option(
      names = "--max-recursions",
      paramLabel = "N",
      defaultValue = "0",
      description = "Run at most N recursions. Default: all that the model has.")
  int maxRecursions;

  @CommandLine.Option(
      names = {THRESHOLD, "--threshold"},
      paramLabel = "P",
      description =
          "The router's probability from which a token takes part in a recursion, 0 to 1. Only"
              + " expert-choice models have one, with threshold routing. Default: ${DEFAULT-VALUE},"
              + " as trained.")
  double probabilityThreshold;

  static Map<String, String> defaults() {
    return Map.of(
        THRESHOLD, RuntimeDefaults.number(SessionOptions.defaults().probabilityThreshold()));
  }

  public SessionOptions options() {
    return SessionOptions.defaults()
        .withMaxRecursions(maxRecursions)
        .withProbabilityThreshold(probabilityThreshold);
  }

  /** A threshold that nothing would look at is a mistake. */
  public SessionOptions options(RoutingMode mode) {
    if (mode == RoutingMode.TOP_K) {
      new GivenOptions(command).refuse(List.of(THRESHOLD), "with --routing topk");
    }
    return options();
  }
}
