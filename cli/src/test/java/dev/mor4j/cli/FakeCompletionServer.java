package dev.mor4j.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server that answers each request as a test says; closing a connection ends an answer. */
public final class FakeCompletionServer implements AutoCloseable {
  /** What a test does with a request. */
  public interface Answer {
    /**
     * Writes an answer.
     *
     * @param number of the request, from 0
     * @param body of the request
     * @param out to the client
     */
    void write(int number, String body, OutputStream out) throws IOException;
  }

  private final ServerSocket socket;
  private final Answer answer;
  private final List<String> heads = new CopyOnWriteArrayList<>();
  private final List<String> bodies = new CopyOnWriteArrayList<>();

  public FakeCompletionServer(Answer answer) throws IOException {
    this.answer = answer;
    this.socket = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  /** Begins an answer of events. */
  public static void events(OutputStream out) throws IOException {
    write(out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
  }

  /** An event with a token of text. */
  public static void token(OutputStream out, String text) throws IOException {
    data(out, "{\"choices\":[{\"index\":0,\"text\":\"" + text + "\",\"finish_reason\":null}]}");
  }

  /** The end of an answer. */
  public static void end(OutputStream out, String reason, int promptTokens, int tokens)
      throws IOException {
    data(
        out, "{\"choices\":[{\"text\":\"\",\"finish_reason\":\"" + reason + "\"}],\"usage\":null}");
    data(
        out,
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":"
            + promptTokens
            + ",\"completion_tokens\":"
            + tokens
            + ",\"details\":{\"a\":[1,{}]}}}");
    data(out, "[DONE]");
  }

  /** An event. */
  public static void data(OutputStream out, String json) throws IOException {
    write(out, ": a comment\nevent: message\ndata: " + json + "\n\n");
  }

  /** An answer without events. */
  public static void status(OutputStream out, int code, String body) throws IOException {
    write(out, "HTTP/1.1 " + code + " No\r\nConnection: close\r\n\r\n" + body);
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  public URI uri() {
    return URI.create("http://localhost:" + socket.getLocalPort());
  }

  /** First lines and headers of the requests so far. */
  public List<String> heads() {
    return heads;
  }

  /** Bodies of the requests so far. */
  public List<String> bodies() {
    return bodies;
  }

  private void accept() {
    for (int i = 0; ; i++) {
      int number = i;
      try {
        Socket client = socket.accept();
        Thread.ofVirtual().start(() -> serve(number, client));
      } catch (IOException e) {
        return;
      }
    }
  }

  private void serve(int number, Socket client) {
    try (client) {
      InputStream in = new BufferedInputStream(client.getInputStream());
      StringBuilder head = new StringBuilder();
      while (!head.toString().endsWith("\r\n\r\n")) {
        head.append((char) in.read());
      }
      int length = 0;
      for (String line : head.toString().split("\r\n", -1)) {
        if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
          length = Integer.parseInt(line.substring(15).strip());
        }
      }
      String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
      heads.add(head.toString());
      bodies.add(body);
      answer.write(number, body, client.getOutputStream());
    } catch (IOException e) {
      // The client has gone, as some tests want.
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
