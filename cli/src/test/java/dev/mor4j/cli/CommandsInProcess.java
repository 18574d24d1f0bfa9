package dev.mor4j.cli;

import java.util.Map;

/** Runs commands in this JVM, for tests in other packages; as {@link CommandLineTest} does. */
public final class CommandsInProcess {
  private CommandsInProcess() {}

  /** What a command did. */
  public record Outcome(int exitCode, String out, String err) {}

  /** Runs {@code ./mor4j ARGUMENTS}, with output that is no terminal. */
  public static Outcome run(Object... arguments) {
    CommandLineTest.Run run = CommandLineTest.runIn(Map.of(), false, arguments);
    return new Outcome(run.exitCode(), run.out(), run.err());
  }
}
