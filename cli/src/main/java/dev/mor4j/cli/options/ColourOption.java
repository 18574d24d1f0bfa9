package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.Terminal;
import picocli.CommandLine;

/** Whether to write colours. */
public final class ColourOption {
  /** When there are colours. */
  public enum When {
    AUTO,
    ALWAYS,
    NEVER
  }

  @CommandLine.Option(
      names = "--color",
      paramLabel = "WHEN",
      defaultValue = "auto",
      description =
          "When to write colours: always, never, or auto, which is in a terminal unless NO_COLOR is"
              + " set. Without colours, depths are small digits.")
  When when;

  public boolean wanted(Terminal terminal) {
    return wanted(when, terminal);
  }

  /** See no-color.org. */
  public static boolean wanted(When when, Terminal terminal) {
    return switch (when) {
      case ALWAYS -> true;
      case NEVER -> false;
      case AUTO ->
          terminal.outIsTerminal()
              && terminal.variable("NO_COLOR").isEmpty()
              && terminal.variable("TERM").filter("dumb"::equals).isEmpty();
    };
  }
}
