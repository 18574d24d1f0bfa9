package dev.mor4j.server;

import java.nio.ByteBuffer;
import java.util.Locale;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** What Jetty itself refuses, such as headers that are malformed or too large, in our shape. */
final class ErrorResponses extends ErrorHandler {
  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int status,
      String message,
      Throwable cause,
      Callback callback) {
    byte[] body = body(status, message);
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, Exchange.JSON);
    response.write(true, ByteBuffer.wrap(body), callback);
  }

  private static byte[] body(int status, String message) {
    String standard = HttpStatus.getMessage(status);
    String code = standard.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "_");
    return Json.bytes(ApiException.json(status, code, null, message == null ? standard : message));
  }
}
