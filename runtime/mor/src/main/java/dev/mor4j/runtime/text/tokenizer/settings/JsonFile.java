package dev.mor4j.runtime.text.tokenizer.settings;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads a tokenizer's JSON file token by token, within limits. One thread. */
public final class JsonFile implements AutoCloseable {
  /** Largest file, in bytes. */
  public static final int MAX_BYTES = 256 << 20;

  private static final int MAX_DEPTH = 64;
  private static final int MAX_NAME = 1 << 20;

  /**
   * Most values in the components of a file together; vocabularies and added tokens don't count.
   */
  private static final int MAX_VALUES = 200_000;

  // Names are tokens of the vocabulary, too many to be worth a table.
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxNameLength(MAX_NAME)
                  .maxStringLength(MAX_BYTES)
                  .build())
          .build();

  private final Path file;
  private final JsonParser parser;
  private int values;

  private JsonFile(Path file, JsonParser parser) {
    this.file = file;
    this.parser = parser;
  }

  /**
   * Opens a file and stands before its first token. A byte order mark is skipped.
   *
   * @throws ModelFormatException when it is too large, or is UTF-16 or UTF-32
   */
  public static JsonFile open(Path file) throws IOException {
    byte[] bytes = bytes(file);
    // Left to itself, the parser takes these for other encodings, whose errors name no file.
    for (int i = 0; i < Math.min(4, bytes.length); i++) {
      if (bytes[i] == 0 || (bytes[i] & 0xfe) == 0xfe) {
        throw new ModelFormatException(file, "not UTF-8: it begins like UTF-16 or UTF-32");
      }
    }
    return new JsonFile(file, FACTORY.createParser(bytes));
  }

  /** The bytes of a file that is no larger than {@link #MAX_BYTES}. */
  public static byte[] bytes(Path file) throws IOException {
    long size = Files.size(file);
    if (size > MAX_BYTES) {
      throw new ModelFormatException(
          file, "it has " + size + " bytes; a tokenizer's file has at most " + MAX_BYTES);
    }
    return Files.readAllBytes(file);
  }

  /** The file, for messages. */
  public Path file() {
    return file;
  }

  /** The parser, for what is too large for {@link #value}. */
  public JsonParser parser() {
    return parser;
  }

  /** The next token; null behind the last one. */
  public JsonToken next() throws IOException {
    try {
      return parser.nextToken();
    } catch (JsonProcessingException e) {
      throw notJson(e);
    }
  }

  /** Skips the value at which the parser stands. */
  public void skip() throws IOException {
    try {
      parser.skipChildren();
    } catch (JsonProcessingException e) {
      throw notJson(e);
    }
  }

  /** The text at which the parser stands: a name or a string. */
  public String text() throws IOException {
    try {
      return parser.getText();
    } catch (JsonProcessingException e) {
      throw notJson(e);
    }
  }

  /** What a damaged file gives. */
  public ModelFormatException notJson(JsonProcessingException e) {
    var at = e.getLocation();
    return new ModelFormatException(
        file,
        "not JSON"
            + (at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr())
            + ": "
            + e.getOriginalMessage(),
        e);
  }

  /** A value that is not what it should be. */
  public ModelFormatException refuse(String key, String expected) throws IOException {
    return new ModelFormatException(file, key + ": found " + found() + ", expected " + expected);
  }

  private String found() throws IOException {
    JsonToken token = parser.currentToken();
    if (token == null) {
      return "the end of the file";
    }
    return switch (token) {
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> Settings.quoted(text());
      default -> text();
    };
  }

  /**
   * The value at which the parser stands, as Java's own: {@code Map}, {@code List}, {@code String},
   * {@code Number}, {@code Boolean} or null.
   */
  public Object value() throws IOException {
    if (++values > MAX_VALUES) {
      throw new ModelFormatException(
          file, "the components have more than " + MAX_VALUES + " values");
    }
    try {
      return switch (parser.currentToken()) {
        case START_OBJECT -> object();
        case START_ARRAY -> array();
        case VALUE_STRING -> parser.getText();
        case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
        case VALUE_TRUE -> true;
        case VALUE_FALSE -> false;
        case VALUE_NULL -> null;
        default -> throw refuse("a value", "JSON");
      };
    } catch (JsonProcessingException e) {
      throw notJson(e);
    }
  }

  /** As {@link #value}, for one of many objects of a few members each. */
  public Object valueOutsideComponents() throws IOException {
    int before = values;
    Object value = value();
    values = before;
    return value;
  }

  // The depth is bounded by the parser.
  private Map<String, Object> object() throws IOException {
    Map<String, Object> members = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String name = parser.currentName();
      parser.nextToken();
      members.put(name, value());
    }
    return members;
  }

  private List<Object> array() throws IOException {
    List<Object> elements = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      elements.add(value());
    }
    return elements;
  }

  @Override
  public void close() throws IOException {
    parser.close();
  }
}
