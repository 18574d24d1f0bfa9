package dev.mor4j.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A plain HTTP/1.1 client: says exactly what a test wants it to say, and hides nothing. */
final class Http {
  /** Generous: a test that waits so long has failed. */
  static final int PATIENCE_MILLIS = 180_000;

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Http() {}

  /** A response. */
  record Answer(int status, Map<String, String> headers, String body) {
    JsonNode json() {
      return Http.json(body);
    }

    /** The data of its events, in order. */
    List<String> events() {
      List<String> events = new ArrayList<>();
      for (String event : body.split("\n\n", -1)) {
        if (!event.isEmpty()) {
          assertThat(event).startsWith("data: ").doesNotContain("\n");
          events.add(event.substring("data: ".length()));
        }
      }
      return events;
    }

    /** Has this status, and an error in OpenAI's shape of which the message contains this. */
    JsonNode fails(int expected, String message) {
      assertThat(status).as(body).isEqualTo(expected);
      JsonNode error = json().get("error");
      assertThat(error.properties().stream().map(Map.Entry::getKey))
          .containsExactlyInAnyOrder("message", "type", "param", "code");
      assertThat(error.get("message").asText()).contains(message);
      assertThat(error.get("type").asText()).endsWith("_error");
      assertThat(headers.get("content-type")).isEqualTo("application/json");
      return error;
    }

    Answer succeeds() {
      assertThat(status).as(body).isEqualTo(200);
      return this;
    }
  }

  static JsonNode json(String text) {
    try {
      return MAPPER.readTree(text);
    } catch (IOException e) {
      throw new AssertionError(text, e);
    }
  }

  static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(PATIENCE_MILLIS);
    return socket;
  }

  /** The text of a request; {@code body} null for none, {@code headers} as whole lines. */
  static String text(String method, String path, String body, String... headers) {
    StringBuilder text = new StringBuilder(method + " " + path + " HTTP/1.1\r\n");
    String all = String.join("\r\n", headers).toLowerCase(Locale.ROOT);
    if (!all.contains("host:")) {
      text.append("Host: 127.0.0.1\r\n");
    }
    if (body != null && !all.contains("content-type:")) {
      text.append("Content-Type: application/json\r\n");
    }
    if (body != null && !all.contains("transfer-encoding:") && !all.contains("content-length:")) {
      int length = body.getBytes(StandardCharsets.UTF_8).length;
      text.append("Content-Length: ").append(length).append("\r\n");
    }
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    return text + "\r\n" + (body == null ? "" : body);
  }

  /** Sends a request on a connection of its own and reads the response. */
  static Answer send(int port, String method, String path, String body, String... headers) {
    try (Socket socket = connect(port)) {
      write(socket, text(method, path, body, headers));
      return read(socket.getInputStream());
    } catch (IOException e) {
      throw new AssertionError(method + " " + path, e);
    }
  }

  static Answer get(int port, String path, String... headers) {
    return send(port, "GET", path, null, headers);
  }

  static Answer post(int port, String path, String body, String... headers) {
    return send(port, "POST", path, body, headers);
  }

  static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    socket.getOutputStream().flush();
  }

  /** Reads one response, to its end as its headers tell it. */
  static Answer read(InputStream in) throws IOException {
    String statusLine = line(in);
    // A server may say so at any time, to look whether somebody is there.
    while (statusLine.startsWith("HTTP/1.1 100 ")) {
      assertThat(line(in)).isEmpty();
      statusLine = line(in);
    }
    assertThat(statusLine).startsWith("HTTP/1.1 ");
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
    }
    byte[] body;
    if ("chunked".equals(headers.get("transfer-encoding"))) {
      body = chunks(in);
    } else if (headers.containsKey("content-length")) {
      body = in.readNBytes(Integer.parseInt(headers.get("content-length")));
    } else {
      body = in.readAllBytes();
    }
    int status = Integer.parseInt(statusLine.substring(9, 12));
    return new Answer(status, headers, new String(body, StandardCharsets.UTF_8));
  }

  private static byte[] chunks(InputStream in) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int size = chunkSize(in); size > 0; size = chunkSize(in)) {
      body.writeBytes(in.readNBytes(size));
      assertThat(line(in)).isEmpty();
    }
    assertThat(line(in)).isEmpty();
    return body.toByteArray();
  }

  private static int chunkSize(InputStream in) throws IOException {
    return Integer.parseInt(line(in), 16);
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new IOException("the connection ended after '" + line + "'");
      }
      line.append((char) c);
    }
    return line.toString().strip();
  }
}
