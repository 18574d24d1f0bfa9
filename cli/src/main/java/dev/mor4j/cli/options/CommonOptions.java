package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.ExitCode;
import picocli.CommandLine;

/** What every command takes. */
@CommandLine.Command(
    exitCodeListHeading = ExitCode.HELP_HEADING,
    exitCodeList = {
      ExitCode.HELP_0,
      ExitCode.HELP_1,
      ExitCode.HELP_2,
      ExitCode.HELP_3,
      ExitCode.HELP_4,
      ExitCode.HELP_5,
      ExitCode.HELP_141
    })
public final class CommonOptions {
  @CommandLine.Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  // Read by Main before anything is parsed, so that it works for wrong usage too.
  @CommandLine.Option(
      names = "--verbose",
      description =
          "Show the stack traces of errors. The environment variable MOR4J_DEBUG=1 does the same.")
  public boolean verbose;
}
