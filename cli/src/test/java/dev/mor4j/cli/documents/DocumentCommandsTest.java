package dev.mor4j.cli.documents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.cli.CommandsInProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every command of the documents is run, line by line, in a folder that has the project's
 * checkpoints and test data; or it is listed here with the reason why it cannot. {@code ./mor4j} is
 * run in this JVM but for {@code serve}, and {@code curl} is this JVM's HTTP client.
 */
class DocumentCommandsTest {
  private static final String BUILDS = "is Maven itself, which runs this test";
  private static final String INSTALLS = "installs packages on the machine";
  private static final String BENCHMARKS = "takes minutes to hours, and benchmarks are built later";
  private static final String NATIVE = "is run by the build of native";
  private static final String PYTORCH = "needs PyTorch and the authors' code";
  private static final String GPU = "needs a GPU";
  private static final String NVCC = "needs nvcc, and takes minutes";

  private static final Map<String, String> NOT_RUN =
      Map.ofEntries(
          Map.entry("apt install temurin-25-jdk maven cmake gcc g++", INSTALLS),
          Map.entry("brew install --cask temurin@25 && brew install maven cmake", INSTALLS),
          Map.entry("mvn -q -DskipTests install", BUILDS),
          Map.entry("mvn verify", BUILDS),
          Map.entry("mvn spotless:apply", BUILDS),
          Map.entry("scripts/format-native", "formats the sources in their place"),
          Map.entry("mvn -P sanitize -pl native test", BUILDS),
          Map.entry("mvn -P sanitize -pl native test -Dcmake.sanitize=thread", BUILDS),
          Map.entry(
              "mvn -Pfuzz -pl fuzz -am test -Dtest='*FuzzTest' -Dfuzz.seconds=600"
                  + " -Dsurefire.failIfNoSpecifiedTests=false",
              BUILDS),
          Map.entry(
              "mvn -Pjcstress -pl runtime/tests test-compile exec:exec@jcstress"
                  + " -Djcstress.mode=default",
              BUILDS),
          Map.entry("mvn -q -Ppeers -DskipTests package", "downloads other engines"),
          Map.entry(
              "mvn -pl cli -am test -Dtest='Document*' -Dsurefire.failIfNoSpecifiedTests=false",
              BUILDS),
          Map.entry(
              "python3 scripts/expected_outputs.py CHECKPOINT --code mixture_of_recursions --out"
                  + " expected.safetensors",
              PYTORCH),
          Map.entry(
              "./mor4j chat models/mor3-books --template testdata/chat-examples/plain.jinja -n 20"
                  + " < testdata/chat-examples/messages.txt",
              "reads the standard input; ChatTest holds the conversation"),
          Map.entry(
              "./mor4j bench-serve models/mor3-books --soak 1h --kv-budget 64MiB --json soak.json"
                  + " --html soak.html",
              "takes an hour; SoakTest runs a few seconds"),
          Map.entry(
              "chromium --headless --hide-scrollbars --window-size=800,540"
                  + " --screenshot=docs/images/depths.png depths.html",
              "needs a browser"),
          Map.entry(
              "./mor4j generate models/mor3-books --backend cuda --prompt \"Once upon a time\"",
              GPU),
          Map.entry(
              "./mor4j serve models/mor3-books --backend cuda --device 1 --device-numbers bf16"
                  + " --kv-budget 8G",
              GPU),
          Map.entry("scripts/gpu-check pack", NVCC),
          Map.entry("scripts/gpu-check run --out results", GPU),
          Map.entry("scripts/gpu-check run --out results --emulated", NVCC),
          Map.entry("scripts/cuda-kernels", NVCC),
          Map.entry("scripts/cuda-kernels --all native/cuda/project.cu", NVCC),
          Map.entry("native/target/cmake/test/cuda/cuda_compact", NATIVE),
          Map.entry("ctest --test-dir native/target/cmake -R '^cuda_' --output-on-failure", NATIVE),
          Map.entry(
              "cmake --build native/target/cmake-sanitize --target cuda_compact",
              "needs the sanitizers' build"),
          Map.entry(
              "native/target/cmake-sanitize/test/cuda/cuda_compact",
              "needs the sanitizers' build"));

  /** Commands that begin so are not run either. */
  private static final Map<String, String> NOT_RUN_BEGINNINGS =
      Map.of(
          "java -jar benchmarks/target/benchmarks.jar", BENCHMARKS,
          "java --add-modules jdk.incubator.vector", BENCHMARKS);

  /** Words that stand for what a reader has, and what the test has in their place. */
  private static final Map<String, String> PLACEHOLDERS =
      Map.of(
          "CHECKPOINT", "checkpoints/mor3-books",
          "expected.safetensors", "checkpoints/mor3-books/expected.safetensors");

  /** Words that are names of files: those that begin with a folder of the project .. */
  private static final List<String> FOLDERS = List.of("models/", "checkpoints/", "testdata/");

  /** .. or that end so, for what commands write. */
  private static final List<String> ENDINGS = List.of(".html", ".txt", ".gguf");

  /** Programs of the system that the documents may use. */
  private static final Set<String> SYSTEM = Set.of("sed");

  @TempDir static Path work;

  private static final Set<String> DONE = new HashSet<>();

  private static final List<String> LINKS = List.of("checkpoints", "testdata");

  @BeforeAll
  static void prepare() throws IOException {
    for (String name : LINKS) {
      Files.createSymbolicLink(work.resolve(name), Document.ROOT.resolve(name));
    }
    System.setProperty("mor4j.home", work.toString());
    mor4j(List.of("convert", "checkpoints/mor3-books", "models/mor3-books"));
  }

  @AfterAll
  static void forget() throws IOException {
    for (String name : LINKS) {
      Files.delete(work.resolve(name));
    }
    System.clearProperty("mor4j.home");
    DONE.clear();
  }

  @TestFactory
  List<DynamicTest> everyCommandRuns() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Document document : Document.all()) {
      for (Document.Block block : document.blocks()) {
        if (block.language().equals("sh")) {
          tests.add(DynamicTest.dynamicTest(document.place(block), () -> run(block)));
        }
      }
    }
    assertThat(tests).hasSizeGreaterThan(20);
    return tests;
  }

  @Test
  void whatIsListedIsThere() throws IOException {
    Set<String> gone = new TreeSet<>(NOT_RUN.keySet());
    Set<String> beginnings = new TreeSet<>(NOT_RUN_BEGINNINGS.keySet());
    for (Document document : Document.all()) {
      for (Document.Block block : document.blocks()) {
        for (String line : block.lines()) {
          String command = Words.command(line);
          gone.remove(command);
          beginnings.removeIf(command::startsWith);
        }
      }
    }
    assertThat(gone).as("listed as not run, but in no document").isEmpty();
    assertThat(beginnings).as("listed as not run, but in no document").isEmpty();
  }

  /** Runs the commands of a block; those that ran in another one are not run again. */
  private static void run(Document.Block block) throws IOException, InterruptedException {
    ServedModel server = null;
    try {
      for (String line : block.lines()) {
        String command = Words.command(line);
        if (command.isEmpty() || isListed(command)) {
          continue;
        }
        List<String> words = Words.of(command);
        switch (words.getFirst()) {
          case "./mor4j" -> {
            List<String> arguments = words.subList(1, words.size());
            if (arguments.getFirst().equals("serve")) {
              assertThat(server).as("one server for a block").isNull();
              server = ServedModel.start(inWork(arguments), work);
            } else if (DONE.add(command)) {
              mor4j(arguments);
            }
          }
          case "curl" -> {
            assertThat(server)
                .as("%s: no server is started before in this block", command)
                .isNotNull();
            server.curl(words);
          }
          default -> system(words.getFirst(), command);
        }
      }
    } finally {
      if (server != null) {
        server.close();
      }
    }
  }

  private static boolean isListed(String command) {
    return NOT_RUN.containsKey(command)
        || NOT_RUN_BEGINNINGS.keySet().stream().anyMatch(command::startsWith);
  }

  private static void mor4j(List<String> arguments) {
    CommandsInProcess.Outcome outcome = CommandsInProcess.run(inWork(arguments).toArray());
    assertThat(outcome.exitCode())
        .as("./mor4j %s%n%s%n%s", String.join(" ", arguments), outcome.out(), outcome.err())
        .isZero();
  }

  /** The arguments, with names of files in the work folder. */
  private static List<String> inWork(List<String> arguments) {
    List<String> placed = new ArrayList<>();
    for (String argument : arguments) {
      String word = PLACEHOLDERS.getOrDefault(argument, argument);
      boolean file =
          FOLDERS.stream().anyMatch(word::startsWith) || ENDINGS.stream().anyMatch(word::endsWith);
      placed.add(file ? work.resolve(word).toString() : word);
    }
    return placed;
  }

  private static void system(String program, String command)
      throws IOException, InterruptedException {
    assertThat(SYSTEM).as("%s: neither run nor listed", command).contains(program);
    Process process =
        new ProcessBuilder("sh", "-c", command)
            .directory(work.toFile())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s%n%s", command, said).isZero();
  }
}
