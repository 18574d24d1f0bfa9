package dev.mor4j.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mor4j.runtime.Token;
import dev.mor4j.runtime.engine.FinishReason;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** The {@code text_completion} objects of one request. */
final class CompletionJson {
  private final String id;
  private final long created;
  private final String model;
  private final boolean returnTokens;

  CompletionJson(String id, long created, String model, boolean returnTokens) {
    this.id = id;
    this.created = created;
    this.model = model;
    this.returnTokens = returnTokens;
  }

  /** An object with these choices. */
  ObjectNode completion(List<ObjectNode> choices) {
    ObjectNode json = Json.object();
    json.put("id", id);
    json.put("object", "text_completion");
    json.put("created", created);
    json.put("model", model);
    json.putArray("choices").addAll(choices);
    return json;
  }

  /**
   * A choice, or a piece of one.
   *
   * @param reason null while it goes on
   */
  ObjectNode choice(int index, String text, List<Token> tokens, FinishReason reason) {
    ObjectNode json = Json.object();
    json.put("index", index);
    json.put("text", text);
    json.putNull("logprobs");
    if (returnTokens) {
      ArrayNode array = json.putArray("tokens");
      for (Token token : tokens) {
        array.addObject().put("id", token.id()).put("depth", token.depth());
      }
    }
    json.put("finish_reason", reason == null ? null : finishReason(reason));
    if (reason != null) {
      json.put("finish_detail", reason.name().toLowerCase(Locale.ROOT));
    }
    return json;
  }

  /** Says what the client should know of its prompt, if there is anything. */
  static void putWarnings(ObjectNode body, Collection<String> warnings) {
    if (!warnings.isEmpty()) {
      ArrayNode array = body.putArray("warnings");
      warnings.forEach(array::add);
    }
  }

  /**
   * One of the two reasons that OpenAI's clients know, some of which take no other: a text that its
   * deadline ends was cut off, as one that reaches its length. {@code finish_detail} has the
   * engine's own reason.
   */
  private static String finishReason(FinishReason reason) {
    return switch (reason) {
      case END_OF_TEXT, STOP -> "stop";
      case LENGTH, CONTEXT_FULL, DEADLINE, CANCELLED -> "length";
    };
  }
}
