package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code mor4j tokenize} and {@code mor4j detokenize}. */
class TokenizeTest extends CommandLineTest {
  private static final Path TOKENIZERS = ROOT.resolve("testdata").resolve("tokenizers");
  private static final ObjectMapper JSON = new ObjectMapper();
  private Path model;

  @BeforeEach
  void convert() throws IOException {
    model = converted(TRAINED, dir.resolve("model"));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void listsTheTokensOfAText() {
    Run run = runOn(utf8("Once é"), "tokenize", model).succeeds();
    assertThat(run.out())
        .isEqualTo(
            """
            0\t"<|endoftext|>"\t""
            47\t"O"\t"O"
            1394\t"nce"\t"nce"
            221\t"Ġ"\t" "
            128\t"Ã"\t""
            103\t"©"\t"é"
            """);
    assertThat(run.err()).contains("6 tokens");
    assertThat(runOn(utf8("Once"), "tokenize", model, "--no-bos").succeeds().out())
        .startsWith("47\t");
    Run back = runOn(utf8("[0, 47,1394]\n221 128 103"), "detokenize", model).succeeds();
    assertThat(back.out()).isEqualTo("Once é\n");
    assertThat(runOn(utf8("0 47"), "detokenize", model, "--keep-special").succeeds().out())
        .isEqualTo("<|endoftext|>O\n");
  }

  @Test
  void answersEachLineByOne() {
    String lines =
        """
        {"text": "Once"}
        {"text": "Once", "add_special": true, "ids": [1], "decoded": null, "kind": {"a": [2]}}
        {"add_special": false, "text": "Once<|endoftext|>\\ud83d"}
        {"text": ""}""";
    Run run = runOn(utf8(lines), "tokenize", model, "--jsonl").succeeds();
    List<String> found = run.out().lines().toList();
    assertThat(found).hasSize(4);
    assertThat(found.subList(0, 2)).containsOnly("{\"ids\": [0, 47, 1394]}");
    assertThat(found.get(2)).startsWith("{\"ids\": [47, 1394, ").doesNotContain("[0", " 0");
    assertThat(found.get(3)).isEqualTo("{\"ids\": [0]}");
    Run parsed = runOn(utf8(lines), "tokenize", model, "--jsonl", "--parse-special").succeeds();
    assertThat(parsed.out().lines().toList().get(2)).startsWith("{\"ids\": [47, 1394, 0, ");
    // The answers are what detokenize reads; half a pair has become U+FFFD.
    Run back = runOn(utf8(run.out()), "detokenize", model, "--jsonl").succeeds();
    assertThat(back.out().lines().toList())
        .containsExactly(
            "{\"text\": \"Once\"}",
            "{\"text\": \"Once\"}",
            "{\"text\": \"Once<|endoftext|>\\ufffd\"}",
            "{\"text\": \"\"}");
    String ids =
        """
        {"ids": [0, 47, -1, 99999, 99999999999999999999], "skip_special": false}\r
        {"ids": [0, 47]}
        """;
    assertThat(runOn(utf8(ids), "detokenize", model, "--jsonl").succeeds().out())
        .isEqualTo("{\"text\": \"<|endoftext|>O\"}\n{\"text\": \"O\"}\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "5",
        "[]",
        "{",
        "{\"text\": 1}",
        "{\"texts\": \"a\"}",
        "{\"text\": null}",
        "{\"text\": \"a\", \"add_special\": \"yes\"}",
        "{\"text\": \"a\"} {}",
        "{\"text\": \"\\x\"}"
      })
  void aMalformedLineIsNumbered(String line) {
    byte[] input = utf8("{\"text\": \"a\"}\n" + line + "\n{\"text\": \"b\"}\n");
    Run run = runOn(input, "tokenize", model, "--jsonl");
    run.fails(3, "the standard input: line 2: ");
    assertThat(run.out().lines()).as("answers before it").hasSize(1);
  }

  @Test
  void whatIsNoUtf8OrNoIdIsSaid() {
    byte[] latin = "{\"text\": \"é\"}\n".getBytes(StandardCharsets.ISO_8859_1);
    runOn(latin, "tokenize", model, "--jsonl").fails(3, "the standard input: line 1: not UTF-8");
    runOn(latin, "tokenize", model).fails(3, "not UTF-8");
    runOn(utf8("0 one"), "detokenize", model).fails(3, "'one' at place 1");
    runOn(utf8("{\"ids\": [1.5]}"), "detokenize", model, "--jsonl")
        .fails(3, "something else than whole numbers");
    runOn(utf8("{\"ids\": 7}"), "detokenize", model, "--jsonl").fails(3, "is a number");
    run("tokenize", dir.resolve("nowhere")).fails(3, "nowhere");
    run("tokenize", model, "--input", dir.resolve("missing")).fails(3, "missing");
    assertThat(run("tokenize", model, "--input", ALICE).succeeds().err()).contains(" tokens");
  }

  @Test
  void pathsAreModelsCheckpointsAndFiles() throws IOException {
    byte[] line = utf8("{\"text\": \"Once\"}\n");
    for (Path path : List.of(model, TRAINED)) {
      assertThat(runOn(line, "tokenize", path, "--jsonl").succeeds().out())
          .isEqualTo("{\"ids\": [0, 47, 1394]}\n");
    }
    // The file says nothing of a beginning.
    Path file = TRAINED.resolve("tokenizer.json");
    assertThat(runOn(line, "tokenize", file, "--jsonl").succeeds().out())
        .isEqualTo("{\"ids\": [47, 1394]}\n");
    Path marked = Files.writeString(dir.resolve("marked.json"), "\uFEFF" + Files.readString(file));
    assertThat(runOn(line, "tokenize", marked, "--jsonl").succeeds().out())
        .isEqualTo("{\"ids\": [47, 1394]}\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"mor3-books", "gpt2", "spm-unigram", "made-bl-llama3", "made-uni-template"})
  void givesTheExpectedIdsAndTexts(String name) throws IOException {
    Path tokenizer = name.equals("mor3-books") ? TRAINED.resolve("tokenizer.json") : unpack(name);
    try (InputStream packed =
            Files.newInputStream(TOKENIZERS.resolve(name).resolve("cases.jsonl.gz"));
        BufferedReader reader =
            new BufferedReader(
                new InputStreamReader(new GZIPInputStream(packed), StandardCharsets.UTF_8))) {
      List<JsonNode> cases = reader.lines().map(TokenizeTest::json).toList();
      Run run = runOn(joined(cases.stream()), "tokenize", tokenizer, "--jsonl").succeeds();
      List<String> found = run.out().lines().toList();
      assertThat(found).hasSameSizeAs(cases);
      for (int i = 0; i < cases.size(); i++) {
        JsonNode expected =
            cases.get(i).has("ids_plain") ? cases.get(i).get("ids_plain") : cases.get(i).get("ids");
        assertThat(json(found.get(i)).get("ids")).as("%s", cases.get(i)).isEqualTo(expected);
      }
    }
  }

  private static JsonNode json(String line) {
    try {
      return JSON.readTree(line);
    } catch (IOException e) {
      throw new AssertionError(line, e);
    }
  }

  private static byte[] joined(Stream<JsonNode> lines) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    lines.forEach(line -> all.writeBytes(utf8(line + "\n")));
    return all.toByteArray();
  }

  private Path unpack(String name) throws IOException {
    Path place = Files.createDirectories(dir.resolve(name));
    for (String file : List.of("tokenizer.json", "tokenizer.model", "vocab.json", "merges.txt")) {
      Path packed = TOKENIZERS.resolve(name).resolve(file + ".gz");
      if (Files.exists(packed)) {
        try (InputStream bytes = new GZIPInputStream(Files.newInputStream(packed))) {
          Files.copy(bytes, place.resolve(file));
        }
      }
    }
    // The file alone, for a folder may say more of beginnings.
    try (Stream<Path> files = Files.list(place)) {
      return files.sorted().reduce((first, second) -> second).orElseThrow();
    }
  }

  @Test
  @Timeout(60)
  void whoeverWaitsForAnAnswerGetsItAtOnce() throws Exception {
    PipedOutputStream questions = new PipedOutputStream();
    PipedInputStream answers = new PipedInputStream();
    var terminal =
        new dev.mor4j.cli.terminal.Terminal(
            new PrintStream(new java.io.BufferedOutputStream(new PipedOutputStream(answers))),
            new PrintStream(OutputStream.nullOutputStream()),
            false,
            false,
            Map.of(),
            new PipedInputStream(questions));
    Thread command =
        Thread.ofPlatform().start(() -> Main.run(terminal, "tokenize", "" + model, "--jsonl"));
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(answers, StandardCharsets.UTF_8));
    for (int i = 0; i < 3; i++) {
      questions.write(utf8("{\"text\": \"Once\"}\n"));
      questions.flush();
      assertThat(reader.readLine()).isEqualTo("{\"ids\": [0, 47, 1394]}");
    }
    questions.close();
    command.join();
  }

  @Test
  void scoresAndPromptsTakeTheSameOptions() {
    Path text = ALICE;
    String usual =
        run("perplexity", model, "--text", text, "--window", 64, "--windows", 2).succeeds().out();
    String bare =
        run("perplexity", model, "--text", text, "--window", 64, "--windows", 2, "--no-bos")
            .succeeds()
            .out();
    assertThat(bare).isNotEqualTo(usual);
    Object[] generate = {"generate", model, "-p", "<|endoftext|>Once", "-n", 4, "--json"};
    JsonNode plain = run(generate).succeeds().json();
    Object[] parsing = Stream.concat(Stream.of(generate), Stream.of("--parse-special")).toArray();
    Run parsed = run(parsing).succeeds();
    assertThat(parsed.json().get("prompt_tokens").asInt()).isEqualTo(3);
    assertThat(plain.get("prompt_tokens").asInt()).isGreaterThan(4);
    assertThat(parsed.err()).contains("mor4j: warning: ", "second time");
    assertThat(parsed.json().get("warnings")).hasSize(1);
    Object[] both = Stream.concat(Stream.of(parsing), Stream.of("--no-bos")).toArray();
    assertThat(run(both).succeeds().json().get("prompt_tokens").asInt()).isEqualTo(3);
    run("generate", model, "--prompt-ids", "0,47", "--no-bos").fails(2, "--no-bos has no meaning");
  }
}
