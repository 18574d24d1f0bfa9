package dev.mor4j.cli;

import static dev.mor4j.cli.CommandLineTest.TRAINED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server in little memory answers more long requests than its KV budget holds. Once the limit is
 * only said to it, and what it takes is looked at; once, in 300 MiB, the kernel would kill it:
 * where this user may make control groups with the memory controller, at the top or in the one that
 * {@code -Dmor4j.test.cgroup=FOLDER} names.
 */
@Timeout(600)
class LimitedMemoryTest {
  private static final long LIMIT = 300L << 20;

  /** Less than that, so that a few requests are more than the KV budget holds. */
  private static final long TOLD = 230L << 20;

  private static final String GROUP_PROPERTY = "mor4j.test.cgroup";

  @TempDir Path dir;

  @Test
  void servesWithinALimitThatItIsTold() throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "what a process takes is read in /proc");
    // The heap is what the JVM gives itself in such a container.
    Process server = start(List.of(), List.of("-Xmx" + TOLD / 4, "-Dmor4j.memory.limit=" + TOLD));
    try (BufferedReader out = server.inputReader(StandardCharsets.UTF_8)) {
      load(out, 8, 600);
      assertThat(peakBytes(server.pid())).isLessThanOrEqualTo(TOLD);
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  @Test
  void servesInAControlGroup() throws Exception {
    Path group = newGroup();
    assumeTrue(
        group != null,
        "no control group with the memory controller can be made here; -D"
            + GROUP_PROPERTY
            + " names one to make it in");
    try {
      Files.writeString(limitOf(group), Long.toString(LIMIT));
      Process server =
          start(
              List.of("sh", "-c", "echo $$ >" + group + "/cgroup.procs && exec \"$@\"", "sh"),
              List.of());
      try (BufferedReader out = server.inputReader(StandardCharsets.UTF_8)) {
        load(out, 40, 700);
        assertThat(server.isAlive()).isTrue();
      } finally {
        server.destroyForcibly().waitFor();
      }
    } finally {
      remove(group);
    }
  }

  /** A control group of our own whose memory can be limited; null where none can be made. */
  private static Path newGroup() throws IOException {
    String named = System.getProperty(GROUP_PROPERTY);
    List<String> parents =
        named != null ? List.of(named) : List.of("/sys/fs/cgroup/memory", "/sys/fs/cgroup");
    for (String parent : parents) {
      Path group = Path.of(parent).resolve("mor4j-" + ProcessHandle.current().pid());
      try {
        Files.createDirectory(group);
      } catch (IOException e) {
        continue;
      }
      if (Files.isWritable(limitOf(group)) && Files.isWritable(group.resolve("cgroup.procs"))) {
        return group;
      }
      Files.delete(group);
    }
    return null;
  }

  /** Removes a group whose last process has ended: the kernel may take a moment to let it go. */
  private static void remove(Path group) throws Exception {
    for (int i = 0; i < 100; i++) {
      try {
        Files.delete(group);
        return;
      } catch (IOException e) {
        Thread.sleep(50);
      }
    }
    Files.delete(group);
  }

  /** The file with the limit, in the first version of control groups or in the second. */
  private static Path limitOf(Path group) {
    Path second = group.resolve("memory.max");
    return Files.exists(second) ? second : group.resolve("memory.limit_in_bytes");
  }

  private Process start(List<String> before, List<String> options) throws Exception {
    Path model = CommandLineTest.converted(TRAINED, dir.resolve("model"));
    List<String> command = new ArrayList<>(before);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    command.addAll(options);
    command.addAll(
        List.of(
            "--enable-native-access=dev.mor4j.bindings",
            "-p",
            System.getProperty("jdk.module.path"),
            "-cp",
            System.getProperty("java.class.path"),
            "-m",
            "dev.mor4j.cli/dev.mor4j.cli.Main",
            "serve",
            model.toString(),
            "--port=0"));
    return new ProcessBuilder(command).redirectError(dir.resolve("errors").toFile()).start();
  }

  /** Sends all requests at the same time; each has to be answered. */
  private void load(BufferedReader out, int requests, int tokens) throws Exception {
    String listening = out.readLine();
    assertThat(listening).as("%s", Files.readString(dir.resolve("errors"))).startsWith("listening");
    URI uri = URI.create(listening.substring(listening.indexOf("http")) + "/v1/completions");
    String engine = out.readLine() + out.readLine() + out.readLine();
    assertThat(engine).contains("MiB for KV caches");
    List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int i = 0; i < requests; i++) {
        String body = "{\"prompt\":\"The sea\",\"max_tokens\":" + tokens + ",\"seed\":" + i + "}";
        answers.add(
            client.sendAsync(
                HttpRequest.newBuilder(uri)
                    .header("Content-Type", "application/json")
                    .POST(HttpRequest.BodyPublishers.ofString(body))
                    .build(),
                HttpResponse.BodyHandlers.ofString()));
      }
      for (CompletableFuture<HttpResponse<String>> answer : answers) {
        HttpResponse<String> response = answer.get(8, TimeUnit.MINUTES);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
      }
    }
  }

  private static long peakBytes(long pid) throws Exception {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmHWM:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new AssertionError("no VmHWM");
  }
}
