package dev.mor4j.cli.load;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Optional;

/** The JSON of {@code /v1/completions}, as far as a load generator needs it. */
final class CompletionMessages {
  private static final JsonFactory JSON = new JsonFactory();

  private CompletionMessages() {}

  /**
   * A piece of a streamed answer.
   *
   * @param hasText whether it brings text, or a choice that goes on without one
   * @param finishReason why the text ends; null where it does not
   * @param promptTokens that the server counted; 0 where it does not say
   * @param completionTokens that the server counted; 0 where it does not say
   * @param error what the server says has gone wrong; null where nothing has
   */
  record Chunk(
      boolean hasText, String finishReason, int promptTokens, int completionTokens, String error) {}

  /** The body of a request. */
  static String request(PlannedRequest request, Optional<String> model) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      if (model.isPresent()) {
        json.writeStringField("model", model.get());
      }
      switch (request.prompt()) {
        case Prompt.Text prompt -> json.writeStringField("prompt", prompt.text());
        case Prompt.Ids prompt -> {
          json.writeFieldName("prompt");
          json.writeArray(prompt.ids(), 0, prompt.ids().length);
        }
      }
      json.writeNumberField("max_tokens", request.maxNewTokens());
      json.writeNumberField("temperature", request.temperature());
      json.writeNumberField("top_p", 1);
      json.writeNumberField("seed", request.seed());
      json.writeBooleanField("stream", true);
      json.writeObjectFieldStart("stream_options");
      json.writeBooleanField("include_usage", true);
      json.writeEndObject();
      json.writeEndObject();
    }
    return text.toString();
  }

  /** The first model of an answer of {@code /v1/models}. */
  static Optional<String> firstModel(String answer) throws IOException {
    try (JsonParser json = JSON.createParser(answer)) {
      // Names of models are the ids of the elements of data; llama.cpp has another list before it.
      boolean data = false;
      while (json.nextToken() != null) {
        if (json.currentToken() == JsonToken.FIELD_NAME) {
          data |= json.currentName().equals("data");
          if (data && json.currentName().equals("id")) {
            return Optional.ofNullable(json.nextTextValue());
          }
        }
      }
      return Optional.empty();
    }
  }

  /** Reads the data of an event. */
  static Chunk chunk(String data) throws IOException {
    try (JsonParser json = JSON.createParser(data)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("an event that is no JSON object: " + data);
      }
      ChunkReader reader = new ChunkReader();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        reader.field(name, json);
      }
      return reader.chunk();
    }
  }

  private static final class ChunkReader {
    private boolean choice;
    private boolean text;
    private String finishReason;
    private int promptTokens;
    private int completionTokens;
    private String error;

    Chunk chunk() {
      boolean hasText = text || (choice && finishReason == null);
      return new Chunk(hasText, finishReason, promptTokens, completionTokens, error);
    }

    void field(String name, JsonParser json) throws IOException {
      switch (name) {
        case "choices" -> choices(json);
        case "usage" -> usage(json);
        case "error" -> error(json);
        default -> json.skipChildren();
      }
    }

    private void choices(JsonParser json) throws IOException {
      if (!json.isExpectedStartArrayToken()) {
        json.skipChildren();
        return;
      }
      while (json.nextToken() == JsonToken.START_OBJECT) {
        choice = true;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          JsonToken value = json.nextToken();
          if (value != JsonToken.VALUE_STRING) {
            json.skipChildren();
          } else if (name.equals("text")) {
            text |= !json.getText().isEmpty();
          } else if (name.equals("finish_reason")) {
            finishReason = json.getText();
          }
        }
      }
    }

    private void usage(JsonParser json) throws IOException {
      if (json.currentToken() != JsonToken.START_OBJECT) {
        // Null, until the last event.
        json.skipChildren();
        return;
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        if (value == JsonToken.VALUE_NUMBER_INT && name.equals("prompt_tokens")) {
          promptTokens = json.getIntValue();
        } else if (value == JsonToken.VALUE_NUMBER_INT && name.equals("completion_tokens")) {
          completionTokens = json.getIntValue();
        } else {
          json.skipChildren();
        }
      }
    }

    private void error(JsonParser json) throws IOException {
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return;
      }
      error = json.getText();
      if (json.currentToken() == JsonToken.START_OBJECT) {
        while (json.nextToken() == JsonToken.FIELD_NAME) {
          String name = json.currentName();
          if (json.nextToken() == JsonToken.VALUE_STRING && name.equals("message")) {
            error = json.getText();
          } else {
            json.skipChildren();
          }
        }
      }
    }
  }
}
