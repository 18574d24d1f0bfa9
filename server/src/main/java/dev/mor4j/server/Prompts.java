package dev.mor4j.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.mor4j.runtime.GenerationRequest;
import dev.mor4j.runtime.MorModel;
import java.util.ArrayList;
import java.util.List;

/**
 * The field {@code prompt}: a text, the ids of one, or an array of either. OpenAI's four shapes.
 */
final class Prompts {
  private static final String EXPECTED =
      "a text, an array of token ids, or an array of texts or of such arrays";

  private Prompts() {}

  /** The prompts, at least one, with default options. */
  static List<GenerationRequest> read(Fields fields, MorModel model, int most) {
    JsonNode prompt =
        fields
            .value("prompt")
            .orElseThrow(
                () ->
                    ApiException.field(
                        400,
                        "missing_required_parameter",
                        "prompt",
                        "prompt is missing, expected " + EXPECTED));
    if (!prompt.isArray() || (!prompt.isEmpty() && prompt.get(0).isNumber())) {
      return List.of(one(fields, prompt, prompt, model));
    }
    if (prompt.isEmpty() || prompt.size() > most) {
      throw fields.wrong("prompt", prompt, "1 to " + most + " prompts");
    }
    List<GenerationRequest> requests = new ArrayList<>();
    for (JsonNode element : prompt) {
      requests.add(one(fields, element, prompt, model));
    }
    return requests;
  }

  private static GenerationRequest one(
      Fields fields, JsonNode node, JsonNode prompt, MorModel model) {
    if (node.isTextual()) {
      if (model.tokenizer().isEmpty()) {
        throw fields.wrong("prompt", prompt, "token ids, for the model has no tokenizer");
      }
      return GenerationRequest.of(node.textValue());
    }
    if (!node.isArray()) {
      throw fields.wrong("prompt", prompt, EXPECTED);
    }
    int vocabulary = model.config().architecture().vocabulary();
    int[] ids = new int[node.size()];
    for (int i = 0; i < ids.length; i++) {
      JsonNode id = node.get(i);
      if (!id.isInt() || id.intValue() < 0 || id.intValue() >= vocabulary) {
        throw ApiException.field(
            "prompt",
            "prompt has "
                + (id.isNumber() ? id.toString() : Fields.kind(id))
                + " at place "
                + i
                + ", expected a token id from 0 to "
                + (vocabulary - 1));
      }
      ids[i] = id.intValue();
    }
    if (ids.length == 0) {
      throw fields.wrong("prompt", prompt, "at least one token id");
    }
    return GenerationRequest.of(ids);
  }
}
