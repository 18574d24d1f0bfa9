package dev.mor4j.cli.options;

import dev.mor4j.cli.load.LengthDistribution;
import dev.mor4j.cli.load.PromptSource;
import dev.mor4j.cli.load.Workload;
import dev.mor4j.cli.terminal.UsageException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;

/** What requests are like. */
public final class LoadWorkloadOptions {
  @CommandLine.Spec(CommandLine.Spec.Target.MIXEE)
  CommandLine.Model.CommandSpec command;

  @CommandLine.Option(
      names = "--prompt-mean",
      paramLabel = "N",
      defaultValue = "64",
      description = "The mean length of a prompt. Default: ${DEFAULT-VALUE}.")
  double promptMean;

  @CommandLine.Option(
      names = "--prompt-sd",
      paramLabel = "N",
      defaultValue = "16",
      description =
          "The standard deviation of that length, which is normally distributed. Default: ${DEFAULT-VALUE}.")
  double promptDeviation;

  @CommandLine.Option(
      names = "--output-mean",
      paramLabel = "N",
      defaultValue = "256",
      description = "The mean number of tokens that requests ask for. Default: ${DEFAULT-VALUE}.")
  double outputMean;

  @CommandLine.Option(
      names = "--output-sd",
      paramLabel = "N",
      defaultValue = "64",
      description = "The standard deviation of that number. Default: ${DEFAULT-VALUE}.")
  double outputDeviation;

  @CommandLine.Option(
      names = "--context",
      paramLabel = "N",
      description =
          "The most tokens of a prompt and its output together. Default: the model's; 2048 with --url.")
  Integer context;

  @CommandLine.Option(
      names = "--text",
      paramLabel = "FILE",
      description = "Take prompts from a text file in UTF-8. Default: random token ids.")
  public Path text;

  @CommandLine.Option(
      names = "--shared-prefix",
      paramLabel = "N",
      defaultValue = "0",
      description = "Let some prompts begin with the same N tokens. Default: ${DEFAULT-VALUE}.")
  int sharedPrefix;

  @CommandLine.Option(
      names = "--shared-share",
      paramLabel = "P",
      defaultValue = "0.5",
      description = "The share of the requests that begin so. Default: ${DEFAULT-VALUE}.")
  double sharedShare;

  @CommandLine.Option(
      names = "--cancel-share",
      paramLabel = "P",
      defaultValue = "0",
      description =
          "The share of the requests that are cancelled while they run. Default: ${DEFAULT-VALUE}.")
  double cancelShare;

  @CommandLine.Option(
      names = "--deadline-ms",
      paramLabel = "MS",
      description = "End each request after MS milliseconds. Default: never.")
  Long deadlineMillis;

  @CommandLine.Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "The temperature of sampling; 0 is greedy. Default: ${DEFAULT-VALUE}.")
  double temperature;

  @CommandLine.Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "The seed of arrivals, prompts, lengths and sampling. Equal seeds make equal requests."
              + " Default: ${DEFAULT-VALUE}.")
  public long seed;

  /** Refuses what no request would follow, before a model is opened. */
  public void check() {
    if (sharedPrefix == 0) {
      new GivenOptions(command).refuse(List.of("--shared-share"), "without --shared-prefix");
    }
  }

  /**
   * What requests are drawn from.
   *
   * @param mostContext of the model
   */
  public Workload workload(PromptSource source, int mostContext) {
    if (context != null && context > mostContext) {
      throw new UsageException(
          "--context is " + context + ", expected at most the model's " + mostContext);
    }
    if (deadlineMillis != null && deadlineMillis < 1) {
      throw new UsageException("--deadline-ms is " + deadlineMillis + ", expected 1 or more");
    }
    return new Workload(
        seed,
        source,
        new Workload.Lengths(
            new LengthDistribution(promptMean, promptDeviation),
            new LengthDistribution(outputMean, outputDeviation),
            context == null ? mostContext : context),
        new Workload.SharedPrefix(sharedPrefix, sharedShare),
        cancelShare,
        Optional.ofNullable(deadlineMillis).map(Duration::ofMillis),
        temperature);
  }
}
