package dev.mor4j.server;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Bodies as JSON. */
final class Json {
  private static final int DEEPEST = 16;
  private static final int LONGEST_NUMBER = 100;

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEEPEST)
                          .maxNumberLength(LONGEST_NUMBER)
                          // Bodies have a bound of their own.
                          .maxStringLength(Integer.MAX_VALUE)
                          .build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  /** An empty object. */
  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  /**
   * The object that {@code body} is.
   *
   * @throws ApiException when it is none
   */
  static ObjectNode readObject(byte[] body) {
    try {
      JsonNode node = MAPPER.readTree(body);
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw ApiException.of(
          400,
          "invalid_json",
          "the body is "
              + (body.length == 0 ? "empty" : Fields.kind(node))
              + ", expected an object");
    } catch (JsonProcessingException e) {
      throw ApiException.of(400, "invalid_json", "the body is not JSON: " + reason(e) + place(e));
    } catch (IOException e) {
      // Reading from an array. What is left is text that is not UTF-8.
      throw ApiException.of(400, "invalid_json", "the body is not JSON in UTF-8");
    }
  }

  /** The reason in our words: the library's are for those who write programs with it. */
  private static String reason(JsonProcessingException e) {
    String original = String.valueOf(e.getOriginalMessage());
    if (e instanceof StreamConstraintsException) {
      return "it is nested deeper than " + DEEPEST + ", or has a number or a name that is too long";
    }
    if (e instanceof JsonEOFException) {
      return "it ends too early";
    }
    if (original.startsWith("Duplicate field")) {
      return "a field is there twice";
    }
    if (original.startsWith("Invalid UTF-8")) {
      return "it is not UTF-8";
    }
    return e instanceof MismatchedInputException
        ? "there is something behind its end"
        : "something else was expected";
  }

  private static String place(JsonProcessingException e) {
    JsonLocation at = e.getLocation();
    return at == null ? "" : ", line " + at.getLineNr() + " column " + at.getColumnNr();
  }

  /** {@code node} in UTF-8. */
  static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
