package dev.mor4j.runtime.format;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.io.Reader;
import java.math.BigInteger;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * JSON of untrusted files as plain maps: one object, strict UTF-8 with or without a byte order
 * mark, no key twice, and bounds on bytes, nesting and the number of values. Built on Jackson's
 * streaming parser alone; data binding would cost start-up time.
 *
 * <p>Values are {@code Map<String, Object>} in the order of the file, {@code List<Object>}, {@code
 * String}, {@code Long} ({@code BigInteger} past its range), {@code Double}, {@code Boolean} and
 * {@code null}.
 */
public final class StrictJson {
  private static final int NESTING = 32;
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(NESTING)
                  .maxNameLength(4096)
                  .maxStringLength(1 << 20)
                  .maxNumberLength(100)
                  .build())
          .build();

  private final JsonParser parser;
  private final long maxValues;
  private long values;

  private StrictJson(JsonParser parser, long maxValues) {
    this.parser = parser;
    this.maxValues = maxValues;
  }

  /**
   * The object that {@code file} holds.
   *
   * @param maxBytes longest file accepted
   * @throws ModelFormatException where the file is too long, is not strict JSON, or is not one
   *     object
   */
  public static Map<String, Object> read(Path file, long maxBytes) throws IOException {
    Objects.requireNonNull(file, "file");
    long size = Files.size(file);
    if (size > maxBytes) {
      throw new ModelFormatException(
          file, "the file has " + size + " bytes, expected at most " + maxBytes);
    }
    try (InputStream bytes = Files.newInputStream(file);
        JsonParser parser = parser(afterByteOrderMark(bytes))) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new ModelFormatException(file, "found no JSON object, expected one");
      }
      Map<String, Object> object = new StrictJson(parser, maxBytes).object();
      if (parser.nextToken() != null) {
        throw new ModelFormatException(file, "found more after the JSON object, expected nothing");
      }
      return object;
    } catch (IOException e) {
      throw invalid(file, "the file", e);
    }
  }

  /**
   * What follows the byte order mark of UTF-8, with which editors of some systems begin a file; all
   * of {@code bytes} where there is none.
   */
  private static InputStream afterByteOrderMark(InputStream bytes) throws IOException {
    PushbackInputStream stream = new PushbackInputStream(bytes, BYTE_ORDER_MARK.length);
    byte[] begin = stream.readNBytes(BYTE_ORDER_MARK.length);
    if (!Arrays.equals(begin, BYTE_ORDER_MARK)) {
      stream.unread(begin);
    }
    return stream;
  }

  /** A parser with this class's bounds over UTF-8 {@code bytes}; closing it closes them. */
  static JsonParser parser(InputStream bytes) throws IOException {
    // A reader with a strict decoder: left to itself, Jackson would also accept UTF-16 and UTF-32.
    Reader text =
        new InputStreamReader(
            bytes,
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    return FACTORY.createParser(text);
  }

  /**
   * The value that begins with the current token of {@code parser}, of at most {@code maxValues}
   * values.
   */
  static Object value(JsonParser parser, long maxValues) throws IOException {
    return new StrictJson(parser, maxValues).value();
  }

  /** What to throw for {@code e}, met while {@code what} of {@code file} was parsed. */
  static IOException invalid(Path file, String what, IOException e) {
    return switch (e) {
      case ModelFormatException format -> format;
      case com.fasterxml.jackson.core.JsonProcessingException json ->
          new ModelFormatException(
              file, what + " is not valid JSON: " + json.getOriginalMessage(), json);
      case CharacterCodingException coding ->
          new ModelFormatException(file, what + " is not valid UTF-8", coding);
      default -> e;
    };
  }

  /**
   * Writes {@code object}, values as {@link #read} returns them, indented to {@code file}, which
   * must not exist.
   */
  public static void write(Map<String, ?> object, Path file) throws IOException {
    Objects.requireNonNull(object, "object");
    Objects.requireNonNull(file, "file");
    try (OutputStream bytes =
            Files.newOutputStream(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        JsonGenerator generator =
            FACTORY.createGenerator(bytes).setPrettyPrinter(new DefaultPrettyPrinter())) {
      write(object, generator);
    }
  }

  private static void write(Object value, JsonGenerator generator) throws IOException {
    switch (value) {
      case null -> generator.writeNull();
      case Map<?, ?> map -> {
        generator.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
          generator.writeFieldName((String) entry.getKey());
          write(entry.getValue(), generator);
        }
        generator.writeEndObject();
      }
      case List<?> list -> {
        generator.writeStartArray();
        for (Object element : list) {
          write(element, generator);
        }
        generator.writeEndArray();
      }
      case String text -> generator.writeString(text);
      case Boolean flag -> generator.writeBoolean(flag);
      case Double number -> generator.writeNumber(number);
      case Number number -> generator.writeNumber(number.longValue());
      default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
    }
  }

  private Object value() throws IOException {
    if (++values > maxValues) {
      throw new com.fasterxml.jackson.core.JsonParseException(
          parser, "more than " + maxValues + " values");
    }
    JsonToken token = parser.currentToken();
    return switch (token) {
      case START_OBJECT -> object();
      case START_ARRAY -> array();
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> {
        BigInteger number = parser.getBigIntegerValue();
        yield number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
      }
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      default ->
          throw new com.fasterxml.jackson.core.JsonParseException(
              parser, "unexpected token " + token);
    };
  }

  private Map<String, Object> object() throws IOException {
    Map<String, Object> object = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = parser.currentName();
      parser.nextToken();
      object.put(key, value());
    }
    return object;
  }

  private List<Object> array() throws IOException {
    List<Object> array = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      array.add(value());
    }
    return array;
  }
}
