package dev.mor4j.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The fields of a request, taken with their types and ranges checked. A field that is null counts
 * as not there, as OpenAI's clients send it.
 */
final class Fields {
  private static final int LONGEST_SHOWN = 40;

  private final ObjectNode object;
  private final String prefix;

  Fields(ObjectNode object) {
    this(object, "");
  }

  private Fields(ObjectNode object, String prefix) {
    this.object = object;
    this.prefix = prefix;
  }

  /** Fails when there are fields besides {@code known}. */
  void requireKnown(Set<String> known) {
    Iterator<String> names = object.fieldNames();
    while (names.hasNext()) {
      String name = names.next();
      if (!known.contains(name)) {
        throw ApiException.field(
            400,
            "unknown_parameter",
            prefix + shortened(name),
            "unknown field '" + prefix + shortened(name) + "'");
      }
    }
  }

  /** The value of a field, if it has one. */
  Optional<JsonNode> value(String name) {
    return Optional.ofNullable(object.get(name)).filter(value -> !value.isNull());
  }

  /** The fields of the object that a field is. */
  Optional<Fields> fields(String name) {
    return value(name)
        .map(
            value -> {
              if (value instanceof ObjectNode inner) {
                return new Fields(inner, prefix + name + ".");
              }
              throw wrong(name, value, "an object");
            });
  }

  Optional<String> text(String name) {
    return value(name)
        .map(
            value -> {
              if (!value.isTextual()) {
                throw wrong(name, value, "a text");
              }
              return value.textValue();
            });
  }

  boolean flag(String name, boolean otherwise) {
    Optional<JsonNode> value = value(name);
    if (value.isPresent() && !value.get().isBoolean()) {
      throw wrong(name, value.get(), "true or false");
    }
    return value.map(JsonNode::booleanValue).orElse(otherwise);
  }

  OptionalLong integer(String name, long least, long most) {
    Optional<JsonNode> value = value(name);
    if (value.isEmpty()) {
      return OptionalLong.empty();
    }
    JsonNode node = value.get();
    boolean fits = node.isIntegralNumber() && node.canConvertToLong();
    if (!fits || node.longValue() < least || node.longValue() > most) {
      throw wrong(name, node, "a whole number from " + least + " to " + most);
    }
    return OptionalLong.of(node.longValue());
  }

  int integer(String name, int otherwise, int least, int most) {
    return (int) integer(name, (long) least, (long) most).orElse(otherwise);
  }

  double number(String name, double otherwise, double least, double most) {
    Optional<JsonNode> value = value(name);
    if (value.isEmpty()) {
      return otherwise;
    }
    double number = value.get().doubleValue();
    if (!value.get().isNumber() || !(number >= least && number <= most)) {
      throw wrong(name, value.get(), "a number from " + shown(least) + " to " + shown(most));
    }
    return number;
  }

  /** One of the constants of an enumeration, in lower case. */
  <E extends Enum<E>> E choice(String name, E otherwise, E[] choices) {
    Optional<JsonNode> value = value(name);
    if (value.isEmpty()) {
      return otherwise;
    }
    StringBuilder expected = new StringBuilder();
    for (E choice : choices) {
      String label = choice.name().toLowerCase(Locale.ROOT);
      if (label.equals(value.get().textValue())) {
        return choice;
      }
      expected.append(expected.isEmpty() ? "" : ", ").append('"').append(label).append('"');
    }
    throw wrong(name, value.get(), "one of " + expected);
  }

  /** Fails when a field asks for something that is not there. */
  void refuseUnless(boolean holds, String name, String reason) {
    if (!holds) {
      throw ApiException.field(
          400,
          "unsupported_parameter",
          prefix + name,
          prefix + name + " is " + shown(object.get(name)) + ", " + reason);
    }
  }

  /** The exception for a field with a value that cannot be taken. */
  ApiException wrong(String name, JsonNode found, String expected) {
    return ApiException.field(
        prefix + name, prefix + name + " is " + shown(found) + ", expected " + expected);
  }

  private static String shown(double number) {
    return number == Math.rint(number) && Math.abs(number) < 1e15
        ? Long.toString((long) number)
        : Double.toString(number);
  }

  private static String shown(JsonNode node) {
    return node.isContainerNode() ? kind(node) : shortened(node.toString());
  }

  /** What a node is, in words. */
  static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "an array of " + node.size();
      case OBJECT -> "an object";
      case STRING -> "a text";
      case NUMBER -> "a number";
      case BOOLEAN -> "a boolean";
      default -> "null";
    };
  }

  private static String shortened(String text) {
    return text.length() <= LONGEST_SHOWN ? text : text.substring(0, LONGEST_SHOWN) + "…";
  }
}
