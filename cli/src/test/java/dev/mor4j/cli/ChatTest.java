package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.runtime.ChatPrompt;
import dev.mor4j.runtime.ChatTemplate;
import dev.mor4j.runtime.EncodingOptions;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.MorSession;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** {@code mor4j chat}, by its standard input. */
class ChatTest extends CommandLineTest {
  private static final String TEMPLATE =
      "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}[assistant] ";

  private Path model;
  private Path template;

  @BeforeEach
  void convert() throws IOException {
    model = converted(TRAINED, dir.resolve("model"));
    template = Files.writeString(dir.resolve("template.jinja"), TEMPLATE);
  }

  private Run chat(String input, Object... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    String[] all =
        Stream.concat(Stream.of("chat", model), Stream.of(arguments))
            .map(Object::toString)
            .toArray(String[]::new);
    int code =
        Main.run(
            new Terminal(
                new PrintStream(out, false, StandardCharsets.UTF_8),
                new PrintStream(err, false, StandardCharsets.UTF_8),
                false,
                false,
                Map.of(),
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8))),
            all);
    return new Run(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** What a session of its own answers to each of the messages, all computed anew. */
  private List<String> answers(String system, String... users) throws IOException {
    List<Map<String, String>> messages = new ArrayList<>();
    messages.add(Map.of("role", "system", "content", system));
    List<String> answers = new ArrayList<>();
    ChatTemplate rendering = ChatTemplate.of(TEMPLATE);
    try (MorModel opened = MorModel.open(model)) {
      for (String user : users) {
        messages.add(Map.of("role", "user", "content", user));
        try (MorSession session = opened.newSession()) {
          int[] ids = rendering.encode(ChatPrompt.of(messages), opened.tokenizer().orElseThrow());
          String answer =
              session
                  .generate(ids, GenerationOptions.greedy().withMaxNewTokens(8), token -> {})
                  .text();
          answers.add(answer);
          messages.add(Map.of("role", "assistant", "content", answer));
        }
      }
    }
    return answers;
  }

  @Test
  void theConversationGoesOn() throws IOException {
    List<String> expected = answers("Be brief.", "The sea was calm.", "And caf\u00e9s?");
    Run run =
        chat(
            "The sea was calm.\n\nAnd caf\u00e9s?\n/reset\nThe sea was calm.\n/exit\nNever read\n",
            "--template",
            template,
            "--system",
            "Be brief.",
            "--temperature",
            0,
            "-n",
            8);
    assertThat(run.succeeds().out())
        .isEqualTo(expected.get(0) + "\n" + expected.get(1) + "\n" + expected.get(0) + "\n");
    assertThat(run.err()).contains("(cut at 8 tokens", "A new conversation begins.");
  }

  @Test
  void refusalsAndLongMessagesAreSaid() throws IOException {
    Path refusing =
        Files.writeString(
            dir.resolve("refusing.jinja"),
            "{% if 'no' in messages[0].content %}{{ raise_exception('Not that') }}{% endif %}"
                + "{{ messages | length }} {{ messages[0].content }}");
    Run run = chat("no\n" + "word ".repeat(3000) + "\nyes\n", "--template", refusing, "-n", 2);
    assertThat(run.succeeds().err())
        .contains("the chat template refuses this message: Not that")
        .contains("/reset begins a new one");
    assertThat(run.out().lines()).hasSize(1);
  }

  @Test
  void aTemplateThatWritesNothingSaysSo() throws IOException {
    Path silent = Files.writeString(dir.resolve("silent.jinja"), "{# nothing #}");
    Run run = chat("Hello\n", "--template", silent);
    assertThat(run.succeeds().err()).contains("the chat template writes nothing");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void aModelWithoutATemplateSaysSo() throws IOException {
    chat("Hello\n").fails(3, "has no chat template");
    Path broken = Files.writeString(dir.resolve("broken.jinja"), "{% if %}");
    chat("Hello\n", "--template", broken).fails(3, "the chat template is no template: line 1");
  }

  @Test
  void specialTokensInMessagesAreText() throws IOException {
    try (MorModel opened = MorModel.open(model)) {
      ChatTemplate special = ChatTemplate.of("<|endoftext|>{{ messages[0].content }}<|endoftext|>");
      int[] plain = opened.tokenizer().orElseThrow().encode("<|endoftext|>", textOnly());
      assertThat(plain).hasSizeGreaterThan(1);
      List<Integer> expected = new ArrayList<>();
      expected.add(0);
      for (int id : plain) {
        expected.add(id);
      }
      expected.add(0);
      int[] ids =
          special.encode(
              ChatPrompt.of(List.of(Map.of("content", "<|endoftext|>"))),
              opened.tokenizer().orElseThrow());
      assertThat(ids).containsExactly(expected.stream().mapToInt(Integer::intValue).toArray());
    }
  }

  private static EncodingOptions textOnly() {
    return EncodingOptions.textOnly();
  }
}
