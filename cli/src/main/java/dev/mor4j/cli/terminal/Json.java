package dev.mor4j.cli.terminal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.util.Map;

/** Writes the one document of {@code --json}: maps, collections, numbers, texts. */
public final class Json {
  private Json() {}

  /** Writes {@code document} and a line feed. */
  public static void write(Map<String, ?> document, PrintStream out) throws IOException {
    out.print(text(document));
    out.flush();
  }

  /** {@code document} and a line feed. */
  public static String text(Map<String, ?> document) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator generator = new JsonFactory().createGenerator(text)) {
      generator.setPrettyPrinter(new DefaultPrettyPrinter());
      value(document, generator);
    }
    return text.append('\n').toString();
  }

  private static void value(Object value, JsonGenerator generator) throws IOException {
    switch (value) {
      case null -> generator.writeNull();
      case Map<?, ?> map -> {
        generator.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          generator.writeFieldName(entry.getKey().toString());
          value(entry.getValue(), generator);
        }
        generator.writeEndObject();
      }
      case Iterable<?> list -> {
        generator.writeStartArray();
        for (Object element : list) {
          value(element, generator);
        }
        generator.writeEndArray();
      }
      // A number that JSON has not, NaN or an infinity, is written as a text by the generator.
      case Double number -> generator.writeNumber(number);
      case Float number -> generator.writeNumber(number);
      case Integer number -> generator.writeNumber(number);
      case Long number -> generator.writeNumber(number);
      case Boolean flag -> generator.writeBoolean(flag);
      default -> generator.writeString(value.toString());
    }
  }
}
