package dev.mor4j.server;

import java.io.IOException;

/** The client has left, or does not take what is written; there is nobody to answer. */
final class ClientGoneException extends IOException {
  private static final long serialVersionUID = 1;

  ClientGoneException(Throwable cause) {
    super("the client has left", cause);
  }
}
