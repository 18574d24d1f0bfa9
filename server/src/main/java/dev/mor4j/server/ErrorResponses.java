package dev.mor4j.server;

import java.nio.ByteBuffer;
import java.util.Locale;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/**
 * What Jetty itself refuses, such as headers that are malformed or too large, in our shape and
 * words. Jetty's are for those who write programs with it.
 */
final class ErrorResponses extends ErrorHandler {
  private final int maxHeaderBytes;

  ErrorResponses(ServerOptions options) {
    this.maxHeaderBytes = options.maxHeaderBytes();
  }

  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int status,
      String message,
      Throwable cause,
      Callback callback) {
    String standard = HttpStatus.getMessage(status);
    String code = standard.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_");
    byte[] body = Json.bytes(ApiException.json(status, code, null, message(status)));
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Exchange.JSON);
    response.getHeaders().put("X-Content-Type-Options", "nosniff");
    response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
    response.write(true, ByteBuffer.wrap(body), callback);
  }

  private String message(int status) {
    return switch (status) {
      case 400 -> "the request is not well-formed HTTP";
      case 414 -> "the request's target is larger than the " + maxHeaderBytes + " bytes allowed";
      case 417 -> "the Expect header asks for something else than 100-continue";
      case 431 -> "the headers are larger than the " + maxHeaderBytes + " bytes allowed";
      case 426, 505 -> "the request is of another version, expected HTTP/1.1";
      default -> status >= 500 ? "internal error" : "the request cannot be taken";
    };
  }
}
