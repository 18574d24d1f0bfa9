package dev.mor4j.cli.terminal;

import java.io.BufferedOutputStream;
import java.io.Console;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where a command writes, and what it may assume of the reader. Text is UTF-8 whatever the locale.
 *
 * @param out results; buffered, so to be flushed where a reader waits
 * @param err messages and progress
 * @param outIsTerminal whether a person reads {@code out}
 * @param errIsTerminal whether a person reads {@code err}
 * @param environment environment variables
 * @param in what a command reads
 */
public record Terminal(
    PrintStream out,
    PrintStream err,
    boolean outIsTerminal,
    boolean errIsTerminal,
    Map<String, String> environment,
    InputStream in) {
  private static final int DEFAULT_COLUMNS = 80;

  /** What the launcher found to be terminals: {@code out}, {@code err}, {@code out,err}. */
  private static final String TERMINALS = "mor4j.terminals";

  /** A terminal whose commands read what the process does. */
  public Terminal(
      PrintStream out,
      PrintStream err,
      boolean outIsTerminal,
      boolean errIsTerminal,
      Map<String, String> environment) {
    this(out, err, outIsTerminal, errIsTerminal, environment, System.in);
  }

  /** The terminal of this process. */
  public static Terminal ofProcess() {
    // A shell knows with no cost; java.io.Console takes a while and knows only of both together.
    String terminals = System.getProperty(TERMINALS);
    Set<String> known =
        terminals != null
            ? Set.of(terminals.split(",", -1))
            : isConsole() ? Set.of("out", "err") : Set.of();
    PrintStream out = stream(FileDescriptor.out);
    PrintStream err = stream(FileDescriptor.err);
    return new Terminal(
        out, err, known.contains("out"), known.contains("err"), System.getenv(), System.in);
  }

  /** Without the launcher: a terminal at both ends, or none. */
  private static boolean isConsole() {
    return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
  }

  private static PrintStream stream(FileDescriptor descriptor) {
    return new PrintStream(
        new BufferedOutputStream(new LoudOutputStream(new FileOutputStream(descriptor)), 8192),
        false,
        StandardCharsets.UTF_8);
  }

  /** An environment variable that is set to something. */
  public Optional<String> variable(String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  /** Columns of the terminal, as far as the environment says. */
  public int columns() {
    return variable("COLUMNS")
        .filter(columns -> columns.matches("\\d{2,4}"))
        .map(Integer::parseInt)
        .orElse(DEFAULT_COLUMNS);
  }

  /** A line for people, beside the results. */
  public void say(String format, Object... arguments) {
    err.printf(Locale.ROOT, format + "%n", arguments);
    err.flush();
  }
}
