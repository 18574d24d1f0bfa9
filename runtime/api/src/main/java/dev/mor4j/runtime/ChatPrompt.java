package dev.mor4j.runtime;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a chat template is rendered with: a conversation, and what else the template may look at.
 * Values are plain: maps with texts as keys, lists, texts, numbers, truth values and null.
 * Immutable, as long as nobody changes the values that it was given.
 */
public final class ChatPrompt {
  /** The values by name; never changed once a prompt has them. */
  private static final class Values {
    List<Map<String, ?>> messages = List.of();
    List<Map<String, ?>> tools;
    List<Map<String, ?>> documents;
    boolean addGenerationPrompt = true;
    Map<String, Object> variables = Map.of();
    LocalDateTime now;

    Values copy() {
      Values copy = new Values();
      copy.messages = messages;
      copy.tools = tools;
      copy.documents = documents;
      copy.addGenerationPrompt = addGenerationPrompt;
      copy.variables = variables;
      copy.now = now;
      return copy;
    }
  }

  private final Values values;

  private ChatPrompt(Values values) {
    this.values = values;
  }

  /**
   * A conversation that the model is to go on with.
   *
   * @param messages such as {@code {"role": "user", "content": "Hello"}}, in their order
   */
  public static ChatPrompt of(List<? extends Map<String, ?>> messages) {
    Objects.requireNonNull(messages, "messages");
    Values values = new Values();
    values.messages = List.copyOf(messages);
    return new ChatPrompt(values);
  }

  private ChatPrompt with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new ChatPrompt(changed);
  }

  /** The messages in their order. */
  public List<Map<String, ?>> messages() {
    return values.messages;
  }

  /** The tools that the model may call, as JSON schemas; empty where there are none. */
  public Optional<List<Map<String, ?>>> tools() {
    return Optional.ofNullable(values.tools);
  }

  /** The documents that the model is to answer from; empty where there are none. */
  public Optional<List<Map<String, ?>>> documents() {
    return Optional.ofNullable(values.documents);
  }

  /** Whether the text ends with what begins the model's answer; true by default. */
  public boolean addGenerationPrompt() {
    return values.addGenerationPrompt;
  }

  /** Further variables, such as {@code enable_thinking}; they go before special tokens. */
  public Map<String, Object> variables() {
    return values.variables;
  }

  /** The time that the template sees; empty for the time of rendering. */
  public Optional<LocalDateTime> now() {
    return Optional.ofNullable(values.now);
  }

  /** This prompt with {@link #tools()}. */
  public ChatPrompt withTools(List<? extends Map<String, ?>> value) {
    Objects.requireNonNull(value, "value");
    List<Map<String, ?>> copy = new ArrayList<>(value);
    return with(changed -> changed.tools = List.copyOf(copy));
  }

  /** This prompt with {@link #documents()}. */
  public ChatPrompt withDocuments(List<? extends Map<String, ?>> value) {
    Objects.requireNonNull(value, "value");
    List<Map<String, ?>> copy = new ArrayList<>(value);
    return with(changed -> changed.documents = List.copyOf(copy));
  }

  /** This prompt with another {@link #addGenerationPrompt()}. */
  public ChatPrompt withAddGenerationPrompt(boolean value) {
    return with(changed -> changed.addGenerationPrompt = value);
  }

  /** This prompt with other {@link #variables()}; a value may be null, which is {@code none}. */
  public ChatPrompt withVariables(Map<String, ?> value) {
    Objects.requireNonNull(value, "value");
    Map<String, Object> copy = new LinkedHashMap<>(value);
    return with(changed -> changed.variables = Collections.unmodifiableMap(copy));
  }

  /** This prompt at another time. */
  public ChatPrompt withNow(LocalDateTime value) {
    Objects.requireNonNull(value, "value");
    return with(changed -> changed.now = value);
  }

  @Override
  public String toString() {
    return "ChatPrompt[" + values.messages.size() + " messages]";
  }
}
