package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code mor4j serve}: in a process of its own, which is told to end, and what it refuses. */
class ServeTest extends CommandLineTest {
  private static final String KEY = "a-key-of-this-test";

  @Test
  @Timeout(400)
  void servesUntilToldToEnd() throws Exception {
    Path model = converted(TRAINED, dir.resolve("model"));
    Path key = Files.writeString(dir.resolve("key"), KEY + "\n");
    Path errors = dir.resolve("errors");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=dev.mor4j.bindings",
                "-p",
                System.getProperty("jdk.module.path"),
                "-cp",
                System.getProperty("java.class.path"),
                "-m",
                "dev.mor4j.cli/dev.mor4j.cli.Main",
                "serve",
                model.toString(),
                "--port=0",
                "--name=books",
                "--api-key-file=" + key,
                "--max-sequences=4",
                "--drain-seconds=200",
                "--kv-budget=64M")
            .redirectError(errors.toFile())
            .start();
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      String listening = out.readLine();
      assertThat(listening)
          .as("%s", Files.readString(errors))
          .matches("listening +http://127.0.0.1:\\d+");
      URI uri = URI.create(listening.substring(listening.indexOf("http")) + "/v1/completions");
      String rest = out.readLine() + out.readLine() + out.readLine() + out.readLine();
      assertThat(rest)
          .contains("books", "3 recursions", "kernels", "4 sequences", "64.00 MiB", "required");

      Run alone =
          run("generate", model, "-p", "The sea", "-n", 20, "--seed", 5, "--temperature", 1)
              .succeeds();
      JsonNode found = complete(uri, "\"max_tokens\":20,\"seed\":5,\"top_p\":0.95");
      assertThat(text(found) + "\n").isEqualTo(alone.out());

      CompletableFuture<JsonNode> running =
          CompletableFuture.supplyAsync(() -> complete(uri, "\"max_tokens\":1500,\"seed\":6"));
      while (metric(uri, "mor4j_sequences_running ") == 0 && !running.isDone()) {
        Thread.onSpinWait();
      }
      process.destroy();
      assertThat(running.get().get("usage").get("completion_tokens").asInt()).isPositive();
      assertThat(process.waitFor(240, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
      assertThat(Files.readString(errors)).contains("mor4j: stopped").doesNotContain("cancelled");
    } finally {
      process.destroyForcibly();
    }
  }

  private static String text(JsonNode completion) {
    return completion.get("choices").get(0).get("text").asText();
  }

  private static HttpURLConnection connect(URI uri) throws IOException {
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setRequestProperty("Authorization", "Bearer " + KEY);
    connection.setReadTimeout(240_000);
    return connection;
  }

  private static JsonNode complete(URI uri, String fields) {
    try {
      HttpURLConnection connection = connect(uri);
      connection.setRequestProperty("Content-Type", "application/json");
      connection.setDoOutput(true);
      try (OutputStream body = connection.getOutputStream()) {
        body.write(("{\"prompt\":\"The sea\"," + fields + "}").getBytes(StandardCharsets.UTF_8));
      }
      try (InputStream answer = connection.getInputStream()) {
        return new ObjectMapper().readTree(answer);
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static double metric(URI uri, String name) throws IOException {
    try (InputStream page = connect(uri.resolve("/metrics")).getInputStream()) {
      String text = new String(page.readAllBytes(), StandardCharsets.UTF_8);
      int at = text.indexOf("\n" + name) + 1 + name.length();
      return Double.parseDouble(text.substring(at, text.indexOf('\n', at)));
    }
  }

  @Test
  void wrongUsageIsTwo() throws IOException {
    Path model = converted(golden("expert-n3"), dir.resolve("model"));
    run("serve").fails(2, "MODEL");
    run("serve", model, "--port", 99999).fails(2, "port is 99999, expected 0 to 65535");
    run("serve", model, "--kv-budget", "much").fails(2, "expected bytes, such as");
    run("serve", model, "--kv-budget", "9999999999T").fails(2, "expected less");
    run("serve", model, "--kv-budget", 0).fails(2, "--kv-budget is 0");
    run("serve", model, "--kv-budget", 1).fails(2, "kvBytes is 1, expected at least ");
    run("serve", model, "--kv-budget", "900000G").fails(2, "no room for KV caches of ");
    run("serve", model, "--max-sequences", 0).fails(2, "maxSequences is 0");
    run("serve", model, "--step-tokens", 5).fails(2, "stepTokens is 5");
    run("serve", model, "--depth-batching", "perhaps")
        .fails(2, "expected continuous, off or padded");
    run("serve", model, "--drain-seconds", -1).fails(2, "--drain-seconds is -1");
    run("serve", model, "--max-body", "8G").fails(2, "--max-body is 8.00 GiB");
    run("serve", model, "--name", "a b").fails(2, "the model's name is 'a b'");
    run("serve", model, "--host", "0.0.0.0", "--port", 0).fails(2, "expected an API key");
    runIn(Map.of("MOR4J_API_KEY", "short"), false, "serve", model)
        .fails(2, "the API key has 5 characters");
  }

  @Test
  void badInputIsThree() throws IOException {
    run("serve", dir.resolve("none")).fails(3, "none");
    Path model = converted(golden("expert-n3"), dir.resolve("model"));
    run("serve", model, "--api-key-file", dir.resolve("none")).fails(3, "no such file");
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();
      run("serve", model, "--port", port).fails(3, "cannot listen at 127.0.0.1 port " + port);
    }
  }
}
