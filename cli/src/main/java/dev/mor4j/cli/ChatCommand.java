package dev.mor4j.cli;

import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.options.ModelArguments;
import dev.mor4j.cli.options.RecursionOptions;
import dev.mor4j.cli.options.SamplingOptions;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Interrupts;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.runtime.ChatPrompt;
import dev.mor4j.runtime.ChatTemplate;
import dev.mor4j.runtime.ChatTemplateException;
import dev.mor4j.runtime.GenerationResult;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import dev.mor4j.runtime.Token;
import dev.mor4j.runtime.Tokenizer;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.format.ModelFormatException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j chat}: a conversation on the terminal. */
@CommandLine.Command(
    name = "chat",
    header = "Holds a conversation with a model.",
    description = {
      "Reads a message from each line, and writes the model's answer as it comes. /reset begins a"
          + " new conversation, and /exit or the end of the input ends it. Ctrl-C stops an answer;"
          + " while no answer comes, it ends the command.",
      "The model needs a chat template, in its folder or by --template."
    },
    sortOptions = false)
final class ChatCommand implements Callable<Integer> {
  private final Terminal terminal;
  private final List<Map<String, String>> messages = new ArrayList<>();

  @CommandLine.Mixin ModelArguments model;

  @CommandLine.Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "A message of the system before the conversation.")
  String system;

  @CommandLine.Option(
      names = "--template",
      paramLabel = "FILE",
      description =
          "The chat template in FILE, or of the folder FILE. Default: the template of the model.")
  Path templateFile;

  @CommandLine.Mixin SamplingOptions sampling;
  @CommandLine.Mixin RecursionOptions recursions;
  @CommandLine.Mixin CommonOptions common;

  ChatCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws IOException {
    try (MorModel opened = model.open();
        MorSession session = opened.newSession(recursions.options())) {
      Tokenizer tokenizer = ModelArguments.tokenizer(opened);
      ChatTemplate template = template(opened);
      begin(session);
      // The command owns the input of the process no more than it owns the process.
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(terminal.in(), StandardCharsets.UTF_8));
      String line = next(lines);
      while (line != null && !line.strip().equals("/exit")) {
        if (line.strip().equals("/reset")) {
          begin(session);
          terminal.say("A new conversation begins.");
        } else if (!line.isBlank()) {
          messages.add(Map.of("role", "user", "content", line));
          int[] ids = ids(template, tokenizer);
          if (ids.length == 0 || !answer(session, ids, opened)) {
            messages.removeLast();
          }
        }
        line = next(lines);
      }
    }
    return ExitCode.SUCCESS;
  }

  private ChatTemplate template(MorModel opened) throws IOException {
    Path from = templateFile == null ? opened.folder() : templateFile;
    try {
      return ChatTemplate.open(from)
          .orElseThrow(
              () ->
                  new ModelFormatException(
                      from,
                      "has no chat template, so it is not a model for conversations; one can be"
                          + " given by --template FILE"));
    } catch (ChatTemplateException e) {
      throw new ModelFormatException(
          from, "the chat template is no template: " + e.getMessage(), e);
    }
  }

  private void begin(MorSession session) {
    session.reset();
    messages.clear();
    if (system != null) {
      messages.add(Map.of("role", "system", "content", system));
    }
  }

  private String next(BufferedReader lines) throws IOException {
    if (terminal.outIsTerminal()) {
      terminal.out().print("> ");
      terminal.out().flush();
    }
    return lines.readLine();
  }

  /**
   * The conversation as ids; none where the template refuses it or writes nothing: that is said.
   */
  private int[] ids(ChatTemplate template, Tokenizer tokenizer) {
    try {
      int[] ids = template.encode(ChatPrompt.of(messages), tokenizer);
      if (ids.length == 0) {
        terminal.say("mor4j: the chat template writes nothing for this message");
      }
      return ids;
    } catch (ChatTemplateException e) {
      terminal.say("mor4j: the chat template refuses this message: %s", e.getMessage());
      return new int[0];
    }
  }

  /**
   * Writes the answer and keeps it.
   *
   * @return whether there was room for the conversation
   */
  private boolean answer(MorSession session, int[] ids, MorModel opened) {
    int most = opened.config().architecture().maxPositions();
    if (ids.length >= most) {
      terminal.say(
          "mor4j: with this message the conversation has %d tokens, and the model takes less than"
              + " %d; /reset begins a new one",
          ids.length, most);
      return false;
    }
    int[] known = session.tokenIds();
    boolean goesOn =
        known.length < ids.length && Arrays.equals(known, 0, known.length, ids, 0, known.length);
    if (!goesOn) {
      // Rare: the answer, read again, is other tokens than those that were generated.
      session.reset();
    }
    int[] more = goesOn ? Arrays.copyOfRange(ids, known.length, ids.length) : ids;
    GenerationResult result;
    Interrupts interrupts = new Interrupts(Thread.currentThread());
    try {
      result = session.generate(more, sampling.options(), this::print);
    } finally {
      interrupts.close();
    }
    boolean stopped = Thread.interrupted() || result.finishReason() == FinishReason.CANCELLED;
    terminal.out().print('\n');
    terminal.out().flush();
    if (stopped) {
      terminal.say("(stopped)");
    } else if (result.finishReason() == FinishReason.LENGTH) {
      terminal.say("(cut at %d tokens; -n allows more)", sampling.options().maxNewTokens());
    } else if (result.finishReason() == FinishReason.CONTEXT_FULL) {
      terminal.say("(the context is full; /reset begins a new conversation)");
    }
    messages.add(Map.of("role", "assistant", "content", result.text()));
    return true;
  }

  private void print(Token token) {
    terminal.out().print(token.text());
    terminal.out().flush();
  }
}
