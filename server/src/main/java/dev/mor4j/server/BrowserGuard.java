package dev.mor4j.server;

import java.util.Locale;
import org.eclipse.jetty.http.HttpHeader;

/**
 * Keeps web pages away from a server that asks for no key. A page of another site may send requests
 * to this machine, and reads the answers where its own name was made to point here (DNS rebinding).
 * Then the name is in the Host header; otherwise the page's site is in the Origin header.
 */
final class BrowserGuard {
  private final String host;

  BrowserGuard(ServerOptions options) {
    this.host = options.host().toLowerCase(Locale.ROOT);
  }

  /**
   * Lets pass what no page of another site can send.
   *
   * @throws ApiException of status 403 for what may come from one
   */
  void check(Exchange exchange) {
    String name = exchange.hostName();
    if (name == null || !isOurs(name.toLowerCase(Locale.ROOT))) {
      throw ApiException.of(
          403,
          "host_not_allowed",
          "the Host header names neither an address nor localhost; a server without an API key"
              + " takes no other");
    }
    String origin = exchange.header(HttpHeader.ORIGIN);
    if (origin != null && !origin.equals("http://" + exchange.header(HttpHeader.HOST))) {
      throw ApiException.of(
          403, "origin_not_allowed", "requests of other sites' pages are not taken");
    }
  }

  /** A literal address cannot be made to point elsewhere; a name other than ours can. */
  private boolean isOurs(String name) {
    return name.equals("localhost")
        || name.equals(host)
        || name.startsWith("[")
        || name.contains(":")
        || name.matches("[0-9.]+");
  }
}
