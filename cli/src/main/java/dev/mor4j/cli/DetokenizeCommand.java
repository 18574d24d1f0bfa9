package dev.mor4j.cli;

import dev.mor4j.cli.lines.JsonLine;
import dev.mor4j.cli.lines.JsonLines;
import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.runtime.Tokenizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j detokenize}: texts of token ids. */
@CommandLine.Command(
    name = "detokenize",
    header = "Writes the text of token ids.",
    description = {
      "Reads token ids from the standard input, with blanks or commas between them, and writes their"
          + " text. Ids that the tokenizer has not are left out.",
      "With --jsonl each line is a JSON object such as {\"ids\": [0, 764], \"skip_special\": false},"
          + " and gives a line such as {\"text\": \"<|endoftext|>Once\"}. Without skip_special it is"
          + " true, or false with --keep-special."
    },
    sortOptions = false)
final class DetokenizeCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Mixin TokenizerArguments arguments;

  @CommandLine.Option(
      names = "--keep-special",
      description = "Write special tokens, too. Default: they are left out.")
  boolean keepSpecial;

  @CommandLine.Mixin CommonOptions common;

  DetokenizeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    arguments.run(terminal, this::detokenize);
    return ExitCode.SUCCESS;
  }

  private void detokenize(Tokenizer tokenizer, JsonLines lines) throws IOException {
    if (arguments.jsonLines) {
      lines.forEach(
          line ->
              "{\"text\": "
                  + JsonLine.ascii(
                      tokenizer.decode(line.ids("ids"), line.flag("skip_special", !keepSpecial)))
                  + "}");
    } else {
      terminal.out().print(tokenizer.decode(ids(lines.all()), !keepSpecial));
      terminal.out().print('\n');
      terminal.out().flush();
    }
  }

  private static int[] ids(String text) throws IOException {
    String[] words =
        Arrays.stream(text.split("[\\s,\\[\\]]+", -1))
            .filter(word -> !word.isEmpty())
            .toArray(String[]::new);
    int[] ids = new int[words.length];
    for (int i = 0; i < ids.length; i++) {
      try {
        ids[i] = Integer.parseInt(words[i]);
      } catch (NumberFormatException e) {
        String shown = words[i].length() <= 40 ? words[i] : words[i].substring(0, 40) + "…";
        throw new IOException(
            "the input has '" + shown + "' at place " + i + ", expected a token id", e);
      }
    }
    return ids;
  }
}
