package dev.mor4j.cli.options;

import picocli.CommandLine;

/** Whether nobody wants to watch. */
public final class QuietOption {
  @CommandLine.Option(
      names = {"-q", "--quiet"},
      description = "Show no progress, and no summary of the files that were written.")
  public boolean wanted;
}
