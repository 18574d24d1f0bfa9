package dev.mor4j.cli;

import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.JsonOption;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.report.InspectionReport;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Json;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.converter.CheckpointInspection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j inspect}: what a folder holds. */
@CommandLine.Command(
    name = "inspect",
    header = "Shows what a checkpoint or a converted model is.",
    description =
        "Shows the structure, the parameters, the bytes that layers share and those that they do not,"
            + " and the bytes that each token takes in the KV caches.",
    sortOptions = false)
final class InspectCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Parameters(
      index = "0",
      paramLabel = "PATH",
      description = "The folder of a checkpoint or of a converted model.")
  Path folder;

  @CommandLine.Option(
      names = "--headers-only",
      description =
          "Do not read the weights of a checkpoint. Sharing is then known only where a file itself"
              + " says so.")
  boolean headersOnly;

  @CommandLine.Mixin JsonOption json;

  @CommandLine.Mixin CommonOptions common;

  InspectCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    ModelArguments.requireFolder(folder);
    InspectionReport report =
        new InspectionReport(CheckpointInspection.inspect(folder, !headersOnly));
    if (json.wanted) {
      Json.write(report.json(), terminal.out());
    } else {
      report.lines().forEach(terminal.out()::println);
    }
    return ExitCode.SUCCESS;
  }
}
