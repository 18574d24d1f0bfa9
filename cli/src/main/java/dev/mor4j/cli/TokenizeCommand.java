package dev.mor4j.cli;

import dev.mor4j.cli.lines.JsonLine;
import dev.mor4j.cli.lines.JsonLines;
import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.SpecialTokenOptions;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.runtime.EncodingOptions;
import dev.mor4j.runtime.Tokenizer;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j tokenize}: token ids of texts. */
@CommandLine.Command(
    name = "tokenize",
    header = "Shows the tokens of a text.",
    description = {
      "Reads a text in UTF-8 from the standard input and lists its tokens: id, token as the file"
          + " writes it, and text. With the tokens that begin and end a text, as the model's files"
          + " say.",
      "With --jsonl each line is a JSON object such as {\"text\": \"Once\", \"add_special\": true},"
          + " and gives a line such as {\"ids\": [0, 764]}. Without add_special it is true."
    },
    sortOptions = false)
final class TokenizeCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Mixin TokenizerArguments arguments;
  @CommandLine.Mixin SpecialTokenOptions special;
  @CommandLine.Mixin CommonOptions common;

  TokenizeCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    arguments.run(terminal, this::tokenize);
    return ExitCode.SUCCESS;
  }

  private void tokenize(Tokenizer tokenizer, JsonLines lines) throws IOException {
    if (arguments.jsonLines) {
      lines.forEach(line -> answer(tokenizer, line));
    } else {
      print(tokenizer, lines.all());
    }
  }

  private String answer(Tokenizer tokenizer, JsonLine line) throws IOException {
    EncodingOptions options = special.encoding();
    if (!line.flag("add_special", true)) {
      options = options.withAddBegin(false).withAddEnd(false);
    }
    int[] ids = tokenizer.encode(line.text("text"), options);
    StringBuilder json = new StringBuilder(16 + 7 * ids.length).append("{\"ids\": [");
    for (int i = 0; i < ids.length; i++) {
      json.append(i == 0 ? "" : ", ").append(ids[i]);
    }
    return json.append("]}").toString();
  }

  private void print(Tokenizer tokenizer, String text) {
    int[] ids = tokenizer.encode(text, special.encoding());
    List<String> pieces = tokenizer.pieces(ids);
    for (int i = 0; i < ids.length; i++) {
      terminal.out().print(ids[i]);
      terminal.out().print('\t');
      terminal.out().print(JsonLine.quoted(tokenizer.token(ids[i]).orElse("")));
      terminal.out().print('\t');
      terminal.out().print(JsonLine.quoted(pieces.get(i)));
      terminal.out().print('\n');
    }
    terminal.out().flush();
    terminal.say("%d tokens", ids.length);
  }
}
