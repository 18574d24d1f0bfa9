package dev.mor4j.cli;

import dev.mor4j.cli.options.ColourOption;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.OutputClosedException;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.format.ModelChangedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import picocli.CommandLine;

/** Starts the command line. */
public final class Main {
  private Main() {}

  /** Runs the command that the arguments name, and ends the JVM with its exit code. */
  public static void main(String[] arguments) {
    // Messages and numbers are the same in every locale, also those that libraries make.
    Locale.setDefault(Locale.ROOT);
    Terminal terminal = Terminal.ofProcess();
    System.exit(understood(terminal, arguments) ? run(terminal, arguments) : ExitCode.USAGE);
  }

  /**
   * Whether the arguments came as they were written. The JVM reads them in the encoding of the
   * locale, before any Java runs; what that encoding has not is lost, and so are such names of
   * files.
   */
  private static boolean understood(Terminal terminal, String[] arguments) {
    String encoding = System.getProperty("sun.jnu.encoding", "UTF-8");
    boolean whole = Stream.of(arguments).noneMatch(argument -> argument.indexOf('\uFFFD') >= 0);
    if (!whole && !encoding.equalsIgnoreCase("UTF-8")) {
      terminal.say(
          "mor4j: an argument is not %s, in which the JVM reads arguments and names of files;"
              + " start it by the script mor4j, or with LC_ALL=C.UTF-8",
          encoding);
      return false;
    }
    return true;
  }

  /** Runs a command; see {@link ExitCode}. */
  static int run(Terminal terminal, String... arguments) {
    int code;
    try {
      code = commandLine(terminal, arguments).execute(arguments);
      terminal.out().flush();
    } catch (Throwable e) {
      code = report(e, terminal, isVerbose(terminal, arguments));
    }
    try {
      terminal.out().flush();
      terminal.err().flush();
    } catch (OutputClosedException | UncheckedIOException e) {
      // Said above, or there is nobody to say it to.
      return code == ExitCode.SUCCESS ? ExitCode.OUTPUT_CLOSED : code;
    }
    return code;
  }

  private static CommandLine commandLine(Terminal terminal, String[] arguments) {
    CommandLine commands = Commands.commandLine(terminal, arguments);
    PrintWriter out = new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8);
    commands
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setColorScheme(
            CommandLine.Help.defaultColorScheme(
                ColourOption.wanted(ColourOption.When.AUTO, terminal)
                    ? CommandLine.Help.Ansi.ON
                    : CommandLine.Help.Ansi.OFF))
        .setUsageHelpAutoWidth(false)
        .setUsageHelpWidth(Math.clamp(terminal.columns(), 60, 110))
        .setExecutionExceptionHandler(
            (e, command, parsed) -> report(e, terminal, isVerbose(terminal, arguments)))
        .setParameterExceptionHandler((e, given) -> misused(e, terminal));
    return commands;
  }

  private static int misused(CommandLine.ParameterException e, Terminal terminal) {
    String name = e.getCommandLine().getCommandSpec().qualifiedName();
    terminal.say("mor4j: %s", e.getMessage());
    if (e instanceof CommandLine.UnmatchedArgumentException unmatched) {
      PrintWriter err = new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8);
      CommandLine.UnmatchedArgumentException.printSuggestions(unmatched, err);
    }
    terminal.say("Try: %s --help", name);
    return ExitCode.USAGE;
  }

  private static int report(Throwable e, Terminal terminal, boolean verbose) {
    int code =
        switch (e) {
          case OutputClosedException closed -> ExitCode.OUTPUT_CLOSED;
          case UsageException usage -> ExitCode.USAGE;
          case IllegalArgumentException usage -> ExitCode.USAGE;
          case IOException input -> ExitCode.BAD_INPUT;
          case UncheckedIOException input -> ExitCode.BAD_INPUT;
          case ModelChangedException changed -> ExitCode.BAD_INPUT;
          case DeviceException device -> ExitCode.DEVICE;
          default -> ExitCode.INTERNAL_ERROR;
        };
    if (code == ExitCode.OUTPUT_CLOSED) {
      return code;
    }
    try {
      String kind = code == ExitCode.INTERNAL_ERROR ? "internal error: " : "";
      terminal.say("mor4j: %s%s", kind, message(e));
      if (verbose) {
        e.printStackTrace(terminal.err());
      } else if (code == ExitCode.INTERNAL_ERROR) {
        terminal.say("(--verbose shows where it happened)");
      }
    } catch (OutputClosedException | UncheckedIOException unsaid) {
      return code;
    }
    return code;
  }

  /** What a person needs to know; the file system's own messages are often only a name. */
  private static String message(Throwable e) {
    return switch (e) {
      case NoSuchFileException missing -> missing.getFile() + ": no such file or folder";
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      case FileAlreadyExistsException there -> there.getFile() + ": it exists already";
      case FileSystemException file -> file.getMessage();
      case UncheckedIOException input -> message(input.getCause());
      case IOException input -> messageOr(input);
      case IllegalArgumentException usage -> messageOr(usage);
      case UsageException usage -> messageOr(usage);
      case ModelChangedException changed -> messageOr(changed);
      case DeviceException device -> messageOr(device);
      default -> e.toString();
    };
  }

  private static String messageOr(Throwable e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private static boolean isVerbose(Terminal terminal, String[] arguments) {
    return List.of(arguments).contains("--verbose")
        || terminal.variable("MOR4J_DEBUG").filter(value -> !value.equals("0")).isPresent();
  }
}
