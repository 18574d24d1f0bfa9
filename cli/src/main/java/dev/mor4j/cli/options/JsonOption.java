package dev.mor4j.cli.options;

import picocli.CommandLine;

/** Whether results are for programs. */
public final class JsonOption {
  @CommandLine.Option(
      names = "--json",
      description = "Write the results as one JSON document instead.")
  public boolean wanted;
}
