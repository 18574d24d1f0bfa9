package dev.mor4j.cli.load;

import java.net.URI;
import java.util.Optional;

/**
 * A server and how to ask it.
 *
 * @param base such as {@code http://localhost:8080}; {@code /v1/completions} is put after it
 * @param model name that requests have; without one, requests name none
 * @param apiKey sent as a bearer token
 */
public record ServerAddress(URI base, Optional<String> model, Optional<String> apiKey) {
  public ServerAddress {
    String scheme = base.getScheme();
    if (base.getHost() == null || !("http".equals(scheme) || "https".equals(scheme))) {
      throw new IllegalArgumentException(base + " is no address such as http://localhost:8080");
    }
  }

  /** The same server, asked for {@code name}. */
  public ServerAddress withModel(Optional<String> name) {
    return new ServerAddress(base, name, apiKey);
  }

  URI completions() {
    return resource("/completions");
  }

  URI models() {
    return resource("/models");
  }

  private URI resource(String name) {
    String text = base.toString();
    String root = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    return URI.create((root.endsWith("/v1") ? root : root + "/v1") + name);
  }

  /** Without the key, which is nobody's business in a report. */
  @Override
  public String toString() {
    return base.toString();
  }
}
