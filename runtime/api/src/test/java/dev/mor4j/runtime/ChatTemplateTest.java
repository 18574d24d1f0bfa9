package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.template.RenderedText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
  private static final List<Map<String, Object>> HELLO =
      List.of(Map.of("role", "user", "content", "Hello"));

  @TempDir Path dir;

  @Test
  void variablesOfTheCallerGoBeforeSpecialTokens() throws IOException {
    write("chat_template.jinja", "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}");
    write("special_tokens_map.json", "{\"eos_token\": \"</s>\", \"bos_token\": \"[old]\"}");
    write("tokenizer_config.json", "{\"bos_token\": {\"content\": \"<s>\"}, \"eos_token\": null}");
    ChatTemplate template = ChatTemplate.open(dir).orElseThrow();
    assertThat(template.render(HELLO)).isEqualTo("<s>Hello</s>");
    assertThat(template.render(ChatPrompt.of(HELLO).withVariables(Map.of("bos_token", "|"))))
        .isEqualTo("|Hello</s>");
  }

  @Test
  void theFileGoesBeforeTheSettings() throws IOException {
    assertThat(ChatTemplate.open(dir)).isEmpty();
    write("chat_template.json", "{\"chat_template\": \"third\"}");
    assertThat(rendered()).isEqualTo("third");
    write("tokenizer_config.json", "\uFEFF{\"chat_template\": \"second\"}");
    assertThat(rendered()).isEqualTo("second");
    write("chat_template.jinja", "first");
    assertThat(rendered()).isEqualTo("first");
    assertThat(ChatTemplate.open(dir.resolve("chat_template.jinja"))).isPresent();
  }

  @Test
  void toolsHaveATemplateOfTheirOwn() throws IOException {
    write(
        "tokenizer_config.json",
        """
        {"chat_template": [{"name": "tool_use", "template": "tools {{ tools[0].name }}"},
                           {"name": "default", "template": "plain {{ tools is none }}"}]}
        """);
    assertThat(rendered()).isEqualTo("plain True");
    ChatPrompt withTools = ChatPrompt.of(HELLO).withTools(List.of(Map.of("name", "clock")));
    assertThat(ChatTemplate.open(dir).orElseThrow().render(withTools)).isEqualTo("tools clock");
  }

  @Test
  void whatIsNoTemplateIsNamed() throws IOException {
    write(
        "tokenizer_config.json", "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"\"}]}");
    assertThatThrownBy(() -> ChatTemplate.open(dir))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("tokenizer_config.json")
        .hasMessageContaining("default");
    write("tokenizer_config.json", "{\"chat_template\": 7}");
    assertThatThrownBy(() -> ChatTemplate.open(dir))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("chat_template is neither a text nor a list");
    assertThatThrownBy(() -> ChatTemplate.of("{% if %}"))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageStartingWith("line 1: ");
  }

  @Test
  void refusalsOfTheTemplateAreItsOwnWords() {
    ChatTemplate template = ChatTemplate.of("{{ raise_exception('Only users, please') }}");
    assertThatThrownBy(() -> template.render(HELLO))
        .hasMessage("Only users, please")
        .isInstanceOfSatisfying(
            ChatTemplateException.class, e -> assertThat(e.isRaisedByTemplate()).isTrue());
    assertThatThrownBy(() -> ChatTemplate.of("\n{{ none.x.y }}").render(HELLO))
        .isInstanceOfSatisfying(
            ChatTemplateException.class,
            e -> {
              assertThat(e.isRaisedByTemplate()).isFalse();
              assertThat(e.line()).hasValue(2);
              assertThat(e).hasMessageNotContaining("java");
            });
  }

  @Test
  void theTemplateSeesTheTimeAndTheDocuments() {
    ChatPrompt prompt =
        ChatPrompt.of(HELLO)
            .withDocuments(List.of(Map.of("title", "A book")))
            .withAddGenerationPrompt(false)
            .withNow(LocalDateTime.of(2025, 7, 4, 15, 4, 5));
    String source =
        "{{ strftime_now('%d %B %Y') }} {{ documents[0].title }} {{ add_generation_prompt }}";
    assertThat(ChatTemplate.of(source).render(prompt)).isEqualTo("04 July 2025 A book False");
  }

  @Test
  void partsOfMessagesAreTold() {
    Map<String, Object> message = new HashMap<>();
    message.put("role", "user");
    message.put("content", "  <|end|> \ud83d\ude00 ");
    RenderedText text =
        ChatTemplate.of("<|{{ messages[0].role }}|>{{ messages[0]['content'] | trim }}<|end|>")
            .rendered(ChatPrompt.of(List.of(message)));
    assertThat(text.text()).isEqualTo("<|user|><|end|> \ud83d\ude00<|end|>");
    assertThat(text.given().stream().map(s -> text.text().substring(s.begin(), s.end())))
        .containsExactly("user", "<|end|> \ud83d\ude00");
  }

  @Test
  void valuesThatAreNotPlainAreRefused() {
    List<Map<String, Object>> messages = List.of(Map.of("content", new Object()));
    assertThatThrownBy(() -> ChatTemplate.of("x").render(messages))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected a Map");
  }

  private String rendered() throws IOException {
    return ChatTemplate.open(dir).orElseThrow().render(HELLO);
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(dir.resolve(name), text);
  }
}
