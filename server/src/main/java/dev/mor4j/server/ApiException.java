package dev.mor4j.server;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** A request is answered with an error, in the shape that OpenAI's clients read. */
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int status;
  private final String code;
  private final String field;

  private ApiException(int status, String code, String field, String message, Throwable cause) {
    super(message, cause, false, false);
    this.status = status;
    this.code = code;
    this.field = field;
  }

  /** An error with no field to blame. */
  static ApiException of(int status, String code, String message) {
    return new ApiException(status, code, null, message, null);
  }

  /** Something failed that should not; {@code cause} is for those who run the server. */
  static ApiException failure(String code, String message, Throwable cause) {
    return new ApiException(500, code, null, message, cause);
  }

  /** What was asked for cannot be had now; {@code cause} is for those who run the server. */
  static ApiException unavailable(String code, String message, Throwable cause) {
    return new ApiException(503, code, null, message, cause);
  }

  /** A field of the request has a value that cannot be taken. */
  static ApiException field(String field, String message) {
    return new ApiException(400, "invalid_value", field, message, null);
  }

  /** As above, with another code. */
  static ApiException field(int status, String code, String field, String message) {
    return new ApiException(status, code, field, message, null);
  }

  /** The HTTP status. */
  int status() {
    return status;
  }

  /** The body that says it. */
  ObjectNode json() {
    return json(status, code, field, getMessage());
  }

  static ObjectNode json(int status, String code, String field, String message) {
    ObjectNode error = JsonNodeFactory.instance.objectNode();
    error.put("message", message);
    error.put("type", type(status));
    error.put("param", field);
    error.put("code", code);
    ObjectNode body = JsonNodeFactory.instance.objectNode();
    body.set("error", error);
    return body;
  }

  private static String type(int status) {
    return switch (status) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 429 -> "rate_limit_error";
      default -> status >= 500 ? "server_error" : "invalid_request_error";
    };
  }
}
