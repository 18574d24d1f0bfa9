package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.UsageException;
import java.util.List;
import picocli.CommandLine;

/**
 * The options that a user gave to a command, apart from those that have their defaults. An option
 * that nothing would look at is a mistake, so commands refuse it by name.
 */
public final class GivenOptions {
  private final CommandLine.Model.CommandSpec command;

  /** The options given to {@code command}, which has been parsed. */
  public GivenOptions(CommandLine.Model.CommandSpec command) {
    this.command = command;
  }

  /** Whether the option was given, under any of its names. */
  boolean has(String option) {
    return command.commandLine().getParseResult().hasMatchedOption(option);
  }

  /**
   * Refuses each of these options that was given.
   *
   * @param where what makes them meaningless, such as {@code without --backend cuda}
   */
  public void refuse(List<String> options, String where) {
    for (String option : options) {
      if (has(option)) {
        throw new UsageException(option + " has no meaning " + where);
      }
    }
  }

  /** The longest name of each option that the mixin in field {@code mixin} of the command has. */
  public List<String> namesOf(String mixin) {
    return command.mixins().get(mixin).options().stream()
        .map(CommandLine.Model.OptionSpec::longestName)
        .toList();
  }
}
