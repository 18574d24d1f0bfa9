package dev.mor4j.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mor4j.runtime.MorModel;
import java.time.Instant;

/** {@code GET /v1/models} and {@code GET /v1/models/ID}: the one model. */
final class ModelsHandler {
  static final String PATH = "/v1/models";

  private final MorModel model;
  private final ServerOptions options;
  private final long created = Instant.now().getEpochSecond();

  ModelsHandler(MorModel model, ServerOptions options) {
    this.model = model;
    this.options = options;
  }

  void list(Exchange exchange) throws ClientGoneException, InterruptedException {
    ObjectNode body = Json.object();
    body.put("object", "list");
    ArrayNode data = body.putArray("data");
    data.add(json());
    exchange.send(200, body);
  }

  void one(Exchange exchange) throws ClientGoneException, InterruptedException {
    String id = exchange.path().substring(PATH.length() + 1);
    if (!id.equals(options.modelName())) {
      throw unknown(id, options);
    }
    exchange.send(200, json());
  }

  private ObjectNode json() {
    ObjectNode json = Json.object();
    json.put("id", options.modelName());
    json.put("object", "model");
    json.put("created", created);
    json.put("owned_by", "mor4j");
    json.put("max_model_len", model.config().architecture().maxPositions());
    json.put("max_recursions", model.config().recursions());
    return json;
  }

  /** There is no model {@code name} here. */
  static ApiException unknown(String name, ServerOptions options) {
    return ApiException.field(
        404,
        "model_not_found",
        "model",
        "there is no model '"
            + (name.length() <= 128 ? name : name.substring(0, 128) + "…")
            + "', expected '"
            + options.modelName()
            + "'");
  }
}
