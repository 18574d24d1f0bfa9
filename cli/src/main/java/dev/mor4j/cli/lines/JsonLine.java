package dev.mor4j.cli.lines;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * The object of one line: texts, flags and arrays of ids by name. Other values are passed over, so
 * that lines may carry what other programs want.
 */
public final class JsonLine {
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
          .build();

  private static final HexFormat HEX = HexFormat.of();

  /** The place of an id that fits no vocabulary. */
  private static final int NO_TOKEN = -1;

  private final String place;
  private final Map<String, Object> values;

  private JsonLine(String place, Map<String, Object> values) {
    this.place = place;
    this.values = values;
  }

  /**
   * Reads a line.
   *
   * @param place where the line stands, for messages
   */
  static JsonLine read(String text, String place) throws IOException {
    try (JsonParser parser = FACTORY.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw malformed(place, "no JSON object, expected one", null);
      }
      Map<String, Object> values = new HashMap<>();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        values.put(name, value(parser));
      }
      if (parser.nextToken() != null) {
        throw malformed(place, "more after the JSON object, expected the end of the line", null);
      }
      return new JsonLine(place, values);
    } catch (JsonProcessingException e) {
      throw malformed(place, "not valid JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** A text, a flag, ids, or a word for what is none of them. */
  private static Object value(JsonParser parser) throws IOException {
    return switch (parser.nextToken()) {
      case VALUE_STRING -> parser.getText();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case START_ARRAY -> ids(parser);
      case START_OBJECT -> {
        parser.skipChildren();
        yield new Other("an object");
      }
      case VALUE_NULL -> new Other("null");
      default -> new Other("a number");
    };
  }

  private static Object ids(JsonParser parser) throws IOException {
    int[] ids = new int[64];
    int count = 0;
    Other wrong = null;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
        wrong = new Other("an array with something else than whole numbers");
        parser.skipChildren();
        continue;
      }
      if (count == ids.length) {
        ids = Arrays.copyOf(ids, 2 * count);
      }
      ids[count++] =
          parser.getNumberType() == JsonParser.NumberType.INT ? parser.getIntValue() : NO_TOKEN;
    }
    return wrong != null ? wrong : Arrays.copyOf(ids, count);
  }

  /** What a value is that no command takes. */
  private record Other(String kind) {}

  /** The text that a field has. */
  public String text(String name) throws IOException {
    if (values.get(name) instanceof String text) {
      return text;
    }
    throw wrong(name, "a text");
  }

  /** The array of ids that a field has. Numbers that no id can be come as -1. */
  public int[] ids(String name) throws IOException {
    if (values.get(name) instanceof int[] ids) {
      return ids;
    }
    throw wrong(name, "an array of token ids");
  }

  /** The flag that a field has, or {@code otherwise} without the field. */
  public boolean flag(String name, boolean otherwise) throws IOException {
    if (!values.containsKey(name)) {
      return otherwise;
    }
    if (values.get(name) instanceof Boolean flag) {
      return flag;
    }
    throw wrong(name, "true or false");
  }

  private IOException wrong(String name, String expected) {
    String found =
        switch (values.get(name)) {
          case null -> "is missing";
          case String text -> "is a text";
          case Boolean flag -> "is " + flag;
          case Other other -> "is " + other.kind();
          default -> "is an array";
        };
    return malformed(place, '"' + name + "\" " + found + ", expected " + expected, null);
  }

  static IOException malformed(String place, String what, Throwable cause) {
    return new IOException(place + ": " + what, cause);
  }

  /**
   * A text as JSON has it, in quotes and in ASCII: some readers take other characters than the line
   * feed for the end of a line.
   */
  public static String ascii(String text) {
    String json = quoted(text);
    StringBuilder out = new StringBuilder(json.length());
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      if (c < 0x7f) {
        out.append(c);
      } else {
        out.append("\\u").append(HEX.toHexDigits(c));
      }
    }
    return out.toString();
  }

  /** A text as JSON has it, in quotes. */
  public static String quoted(String text) {
    StringBuilder json = new StringBuilder(text.length() + 16).append('"');
    JsonStringEncoder.getInstance().quoteAsString(text, json);
    return json.append('"').toString();
  }
}
