package dev.mor4j.cli.load;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** The data of server sent events, one after another; event names and ids are passed over. */
final class ServerSentEvents {
  private final BufferedReader lines;

  /**
   * @param body of the answer; borrowed
   */
  ServerSentEvents(InputStream body) {
    this.lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
  }

  /** Waits for the next event that has data; null at the end. */
  String next() throws IOException {
    StringBuilder data = null;
    String line;
    while ((line = lines.readLine()) != null) {
      if (line.isEmpty()) {
        if (data != null) {
          return data.toString();
        }
      } else if (line.startsWith("data:")) {
        String value = line.substring(line.startsWith("data: ") ? 6 : 5);
        data = data == null ? new StringBuilder(value) : data.append('\n').append(value);
      }
    }
    // Some servers leave out the empty line after the last event.
    return data == null ? null : data.toString();
  }
}
