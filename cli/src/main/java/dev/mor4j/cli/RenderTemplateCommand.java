package dev.mor4j.cli;

import dev.mor4j.cli.lines.JsonLine;
import dev.mor4j.cli.lines.JsonLines;
import dev.mor4j.cli.options.CommonOptions;
import dev.mor4j.cli.terminal.ExitCode;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.runtime.ChatPrompt;
import dev.mor4j.runtime.ChatTemplate;
import dev.mor4j.runtime.ChatTemplateException;
import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** {@code mor4j render-template}: the texts of conversations. */
@CommandLine.Command(
    name = "render-template",
    header = "Renders conversations with a chat template.",
    description = {
      "Reads a JSON object from each line, with messages and, where the template looks at them,"
          + " tools, documents, add_generation_prompt (true without it) and extra, an object of"
          + " further variables. Writes for each line {\"text\": ...}, or {\"error\": ...} where the"
          + " template refuses the conversation or fails."
    },
    sortOptions = false)
final class RenderTemplateCommand implements Callable<Integer> {
  private final Terminal terminal;

  @CommandLine.Parameters(
      index = "0",
      paramLabel = "TEMPLATE",
      description = "The file of a template, or the folder of a model or of a checkpoint.")
  Path path;

  @CommandLine.Option(
      names = "--input",
      paramLabel = "FILE",
      description = "Read FILE, in UTF-8. Default: the standard input.")
  Path input;

  @CommandLine.Option(
      names = "--jsonl",
      description = "Read and write lines of JSON. There is no other form; this may be left out.")
  boolean jsonLines;

  @CommandLine.Option(
      names = "--now",
      paramLabel = "TIME",
      description =
          "The time that the template sees, such as 2025-07-04T15:04:05. Default: the present.")
  LocalDateTime now;

  @CommandLine.Mixin CommonOptions common;

  RenderTemplateCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  /** A template, or why there is none: then every line is answered by that. */
  private record Source(ChatTemplate template, String error) {}

  @Override
  public Integer call() throws IOException {
    Source source = open();
    if (input == null) {
      render(source, new JsonLines("the standard input", terminal.in(), terminal.out()));
    } else {
      try (InputStream bytes = Files.newInputStream(input)) {
        render(source, new JsonLines(input.toString(), bytes, terminal.out()));
      }
    }
    return ExitCode.SUCCESS;
  }

  private Source open() throws IOException {
    try {
      return new Source(
          ChatTemplate.open(path)
              .orElseThrow(
                  () ->
                      new ModelFormatException(
                          path,
                          "has no chat template, expected chat_template.jinja or chat_template in"
                              + " tokenizer_config.json")),
          null);
    } catch (ChatTemplateException e) {
      return new Source(null, e.getMessage());
    }
  }

  private void render(Source source, JsonLines lines) throws IOException {
    lines.forEachObject((object, place) -> answer(source, prompt(object, place)));
  }

  private static String answer(Source source, ChatPrompt prompt) {
    if (source.template == null) {
      return error(source.error);
    }
    try {
      return "{\"text\": " + JsonLine.ascii(source.template.render(prompt)) + "}";
    } catch (ChatTemplateException e) {
      return error(e.getMessage());
    }
  }

  private static String error(String message) {
    return "{\"error\": " + JsonLine.ascii(message) + "}";
  }

  private ChatPrompt prompt(Map<String, Object> line, String place) throws IOException {
    List<Map<String, ?>> messages = objects(line, "messages", place);
    if (messages == null) {
      throw new IOException(place + ": \"messages\" is missing, expected an array of objects");
    }
    ChatPrompt prompt = ChatPrompt.of(messages);
    List<Map<String, ?>> tools = objects(line, "tools", place);
    List<Map<String, ?>> documents = objects(line, "documents", place);
    prompt = tools == null ? prompt : prompt.withTools(tools);
    prompt = documents == null ? prompt : prompt.withDocuments(documents);
    prompt = now == null ? prompt : prompt.withNow(now);
    switch (line.get("add_generation_prompt")) {
      case null -> {}
      case Boolean flag -> prompt = prompt.withAddGenerationPrompt(flag);
      default ->
          throw new IOException(
              place + ": \"add_generation_prompt\" is no truth value, expected true or false");
    }
    return switch (line.get("extra")) {
      case null -> prompt;
      case Map<?, ?> extra -> prompt.withVariables(named(extra));
      default -> throw new IOException(place + ": \"extra\" is no object, expected one");
    };
  }

  /** The array of objects of a field; null without it. */
  private static List<Map<String, ?>> objects(Map<String, Object> line, String name, String place)
      throws IOException {
    Object value = line.get(name);
    if (value == null) {
      return null;
    }
    List<Map<String, ?>> objects = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (Object item : list) {
        if (item instanceof Map<?, ?> map) {
          objects.add(named(map));
        }
      }
      if (objects.size() == list.size()) {
        return objects;
      }
    }
    throw new IOException(place + ": \"" + name + "\" is no array of objects, expected one");
  }

  @SuppressWarnings("unchecked") // names of JSON's fields are texts
  private static Map<String, Object> named(Map<?, ?> map) {
    return (Map<String, Object>) map;
  }
}
