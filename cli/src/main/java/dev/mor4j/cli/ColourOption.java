package dev.mor4j.cli;

import picocli.CommandLine;

/** Whether to write colours. */
final class ColourOption {
  /** When there are colours. */
  enum When {
    AUTO,
    ALWAYS,
    NEVER
  }

  @CommandLine.Option(
      names = "--color",
      paramLabel = "WHEN",
      defaultValue = "auto",
      description =
          "Colours: auto (a terminal, and NO_COLOR is not set), always or never. Without colours,"
              + " depths are small digits.")
  When when;

  boolean wanted(Terminal terminal) {
    return wanted(when, terminal);
  }

  /** See no-color.org. */
  static boolean wanted(When when, Terminal terminal) {
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
