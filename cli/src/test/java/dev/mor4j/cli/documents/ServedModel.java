package dev.mor4j.cli.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code ./mor4j serve} in a process of its own, and {@code curl} beside it. The port is a free
 * one. Owns the process; used by one thread.
 */
final class ServedModel implements AutoCloseable {
  private static final int LONGEST_SECONDS = 120;

  private final Process process;
  private final Path errors;
  private final BufferedReader out;
  private final URI uri;

  private ServedModel(Process process, Path errors, BufferedReader out, URI uri) {
    this.process = process;
    this.errors = errors;
    this.out = out;
    this.uri = uri;
  }

  /** Starts a server and waits until it listens. */
  static ServedModel start(List<String> arguments, Path work) throws IOException {
    Path errors = Files.createTempFile(work, "serve", ".err");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=dev.mor4j.bindings",
                "-p",
                System.getProperty("jdk.module.path"),
                "-cp",
                System.getProperty("java.class.path"),
                "-m",
                "dev.mor4j.cli/dev.mor4j.cli.Main"));
    command.addAll(arguments);
    command.add("--port=0");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    String line = out.readLine();
    if (line == null || !line.contains("http://")) {
      process.destroyForcibly();
      throw new AssertionError("the server does not listen: " + line + Files.readString(errors));
    }
    return new ServedModel(
        process, errors, out, URI.create(line.substring(line.indexOf("http://")).strip()));
  }

  /** Sends what {@code curl} would send, and expects a status of success and a body. */
  void curl(List<String> words) throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder();
    for (int i = 1; i < words.size(); i++) {
      String word = words.get(i);
      switch (word) {
        case "-H" -> {
          String[] header = words.get(++i).split(":\\s*", 2);
          request.header(header[0], header[1]);
        }
        case "-d" -> request.POST(HttpRequest.BodyPublishers.ofString(words.get(++i)));
        default -> request.uri(uri.resolve(path(word)));
      }
    }
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> answer =
          client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as("%s%n%s", words, answer.body()).isEqualTo(200);
      assertThat(answer.body()).as("%s", words).isNotBlank();
    }
  }

  private static String path(String word) {
    String address = "http://127.0.0.1:8080";
    if (!word.startsWith(address + "/")) {
      throw new IllegalArgumentException(
          word + ": neither -H, -d nor an address of the server, http://127.0.0.1:8080/…");
    }
    return word.substring(address.length());
  }

  /** Tells it to end, as the documents say, and waits until it has. */
  @Override
  public void close() throws IOException {
    try (out) {
      process.destroy();
      if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
        throw new AssertionError("the server does not end: " + Files.readString(errors));
      }
      assertThat(process.exitValue()).as("%s", Files.readString(errors)).isZero();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while the server ended", e);
    } finally {
      process.destroyForcibly();
    }
  }
}
