package dev.mor4j.cli;

import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j} itself: help and version. */
@CommandLine.Command(
    name = "mor4j",
    header = "Runs Mixture-of-Recursions language models on the JVM.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = RootCommand.Version.class,
    footerHeading = "%nBegin with: mor4j demo%n",
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
final class RootCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Spec CommandLine.Model.CommandSpec spec;

  RootCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(terminal.err());
    return ExitCode.USAGE;
  }

  /** The version of the build, and the JVM, which problems are often about. */
  static final class Version implements CommandLine.IVersionProvider {
    private static final String RECORD = "/META-INF/maven/dev.mor4j/mor4j-cli/pom.properties";

    @Override
    public String[] getVersion() throws IOException {
      String version = "development";
      try (InputStream record = RootCommand.class.getResourceAsStream(RECORD)) {
        if (record != null) {
          Properties properties = new Properties();
          properties.load(record);
          version = properties.getProperty("version", version);
        }
      }
      return new String[] {
        "mor4j " + version,
        "JVM: " + System.getProperty("java.vm.name") + " " + Runtime.version(),
        "OS: " + System.getProperty("os.name") + " " + System.getProperty("os.arch")
      };
    }
  }
}
