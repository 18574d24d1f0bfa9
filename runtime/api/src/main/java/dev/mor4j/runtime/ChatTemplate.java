package dev.mor4j.runtime;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.StrictJson;
import dev.mor4j.runtime.template.RenderedText;
import dev.mor4j.runtime.template.Template;
import dev.mor4j.runtime.template.TemplateException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Makes the text of a conversation, as the model was trained on it: a template in the part of Jinja
 * that {@code transformers} renders chat templates with. Immutable; any thread.
 *
 * <pre>{@code
 * ChatTemplate template = ChatTemplate.open(Path.of("models/chat")).orElseThrow();
 * String text = template.render(List.of(Map.of("role", "user", "content", "Hello")));
 * }</pre>
 *
 * <p>A template cannot reach anything but the values that it is given. Its steps, its depth, and
 * the sizes of its values and its text are bounded, so a hostile one ends with a {@link
 * ChatTemplateException}.
 */
public final class ChatTemplate {
  private static final String CONFIG = "tokenizer_config.json";
  private static final String SPECIAL_TOKENS = "special_tokens_map.json";
  private static final String TEMPLATE_FILE = "chat_template.jinja";
  private static final String TEMPLATE_JSON = "chat_template.json";
  private static final String KEY = "chat_template";
  private static final String DEFAULT = "default";
  private static final String TOOL_USE = "tool_use";
  private static final long MAX_BYTES = 16L << 20;

  private final Template template;

  /** Used where tools are given; the same one where the model has no other. */
  private final Template withTools;

  /** Texts of special tokens, such as {@code bos_token}. */
  private final Map<String, Object> specialTokens;

  private ChatTemplate(Template template, Template withTools, Map<String, Object> specialTokens) {
    this.template = template;
    this.withTools = withTools;
    this.specialTokens = specialTokens;
  }

  /**
   * A template from its source, without special tokens.
   *
   * @throws ChatTemplateException when {@code source} is no template
   */
  public static ChatTemplate of(String source) {
    Objects.requireNonNull(source, "source");
    Template template = parse(source);
    return new ChatTemplate(template, template, Map.of());
  }

  /**
   * The template of a model or a checkpoint, with its special tokens: {@code chat_template.jinja},
   * else {@code chat_template} of {@code tokenizer_config.json}, else of {@code
   * chat_template.json}. Where there are several by name, {@code default} counts, and {@code
   * tool_use} where tools are given.
   *
   * @param path a folder, or the file of a template, which has no special tokens
   * @return empty where the folder has no template
   * @throws IOException when a file cannot be read or is not what it should be
   * @throws ChatTemplateException when the template cannot be parsed
   */
  public static Optional<ChatTemplate> open(Path path) throws IOException {
    Objects.requireNonNull(path, "path");
    if (!Files.isDirectory(path)) {
      return Optional.of(of(text(path)));
    }
    Map<String, Object> config = json(path.resolve(CONFIG));
    Map<String, Object> tokens = new LinkedHashMap<>();
    specialTokens(json(path.resolve(SPECIAL_TOKENS)), tokens);
    specialTokens(config, tokens);
    Path file = path.resolve(TEMPLATE_FILE);
    Path source = path.resolve(CONFIG);
    Object found = Files.exists(file) ? text(file) : config.get(KEY);
    if (found == null) {
      source = path.resolve(TEMPLATE_JSON);
      found = json(source).get(KEY);
    }
    return switch (found) {
      case null -> Optional.empty();
      case String one -> {
        Template template = parse(one);
        yield Optional.of(new ChatTemplate(template, template, tokens));
      }
      case List<?> named -> Optional.of(ofNamed(source, named, tokens));
      default ->
          throw new ModelFormatException(
              source, KEY + " is neither a text nor a list, expected one of them");
    };
  }

  private static ChatTemplate ofNamed(Path file, List<?> named, Map<String, Object> tokens)
      throws ModelFormatException {
    Map<String, String> sources = new LinkedHashMap<>();
    for (Object entry : named) {
      if (!(entry instanceof Map<?, ?> map)
          || !(map.get("name") instanceof String name)
          || !(map.get("template") instanceof String text)) {
        throw new ModelFormatException(
            file, KEY + " has an entry without name and template, expected both as texts");
      }
      sources.put(name, text);
    }
    String main = sources.get(DEFAULT);
    if (main == null) {
      throw new ModelFormatException(
          file, KEY + " has the templates " + sources.keySet() + ", expected one named default");
    }
    Template template = parse(main);
    String tools = sources.get(TOOL_USE);
    return new ChatTemplate(template, tools == null ? template : parse(tools), tokens);
  }

  /**
   * The text of a conversation that the model is to go on with.
   *
   * @param messages such as {@code {"role": "user", "content": "Hello"}}, in their order
   * @throws ChatTemplateException when the template refuses them or fails
   */
  public String render(List<? extends Map<String, ?>> messages) {
    return render(ChatPrompt.of(messages));
  }

  /**
   * The text of a conversation.
   *
   * @throws ChatTemplateException when the template refuses the conversation or fails
   * @throws IllegalArgumentException when the prompt has a value that is not plain
   */
  public String render(ChatPrompt prompt) {
    Objects.requireNonNull(prompt, "prompt");
    return rendered(prompt).text();
  }

  /**
   * The token ids of a conversation. Special tokens that the template writes are special tokens;
   * those that stand in messages, tools or documents are text, so nobody speaks for another by
   * writing them. A token that the template makes of a message's role, such as {@code '<|' + role +
   * '|>'}, is the template's. Nothing is put before or behind the ids, for the template writes that
   * itself.
   *
   * @throws ChatTemplateException when the template refuses the conversation or fails
   * @throws IllegalArgumentException when the prompt has a value that is not plain
   */
  public int[] encode(ChatPrompt prompt, Tokenizer tokenizer) {
    Objects.requireNonNull(prompt, "prompt");
    Objects.requireNonNull(tokenizer, "tokenizer");
    return ChatTokens.encode(rendered(prompt), prompt.messages(), tokenizer);
  }

  /** The text of a conversation, with the parts that come from its messages. */
  RenderedText rendered(ChatPrompt prompt) {
    Map<String, Object> data = new LinkedHashMap<>();
    data.put("messages", prompt.messages());
    data.put("tools", prompt.tools().orElse(null));
    data.put("documents", prompt.documents().orElse(null));
    Map<String, Object> variables = new LinkedHashMap<>(specialTokens);
    variables.put("add_generation_prompt", prompt.addGenerationPrompt());
    variables.putAll(prompt.variables());
    LocalDateTime now = prompt.now().orElseGet(() -> LocalDateTime.now(ZoneId.systemDefault()));
    try {
      return (prompt.tools().isPresent() ? withTools : template).render(data, variables, now);
    } catch (TemplateException e) {
      throw new ChatTemplateException(e);
    }
  }

  private static Template parse(String source) {
    try {
      return Template.parse(source);
    } catch (TemplateException e) {
      throw new ChatTemplateException(e);
    }
  }

  private static void specialTokens(Map<String, Object> file, Map<String, Object> tokens) {
    file.forEach(
        (key, value) -> {
          Object text = value instanceof Map<?, ?> token ? token.get("content") : value;
          if (key.endsWith("_token") && text instanceof String) {
            tokens.put(key, text);
          }
        });
  }

  private static Map<String, Object> json(Path file) throws IOException {
    return Files.exists(file) ? StrictJson.read(file, MAX_BYTES) : Map.of();
  }

  private static String text(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new ModelFormatException(
          file, "the file has " + Files.size(file) + " bytes, expected at most " + MAX_BYTES);
    }
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file, "the file is not valid UTF-8", e);
    }
  }

  @Override
  public String toString() {
    return "ChatTemplate[" + specialTokens.keySet() + "]";
  }
}
