package dev.mor4j.cli.options;

import picocli.CommandLine;

/** Whether an output may take the place of an earlier one. */
public final class OverwriteOption {
  @CommandLine.Option(
      names = "--overwrite",
      description = "Replace an earlier output of the same kind.")
  public boolean wanted;
}
