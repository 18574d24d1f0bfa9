package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.cli.terminal.LoudOutputStream;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.runtime.EngineOptions;
import dev.mor4j.runtime.GenerationOptions;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.server.ServerOptions;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest extends CommandLineTest {
  @Test
  void versionAndHelp() {
    assertThat(run("--version").succeeds().out()).startsWith("mor4j ");
    assertThat(run("--help").succeeds().out())
        .contains("demo", "convert", "inspect", "generate", "serve", "perplexity", "verify")
        .contains("depths")
        .contains("compare", "random", "export", "doctor", "Exit codes")
        .contains("verification failed", "bad input");
    assertThat(run("help").succeeds().out()).contains("generate");
    run().fails(2, "Usage: mor4j");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "convert",
        "inspect",
        "generate",
        "serve",
        "perplexity",
        "compare",
        "verify",
        "depths",
        "bench-serve",
        "random",
        "export",
        "doctor"
      })
  void everyCommandHasHelp(String command) {
    String help = run("help", command).succeeds().out();
    assertThat(help).contains("Usage: mor4j " + command, "--verbose", "Exit codes", "bad input");
    assertThat(run(command, "--help").succeeds().out()).isEqualTo(help);
  }

  @Test
  void wrongUsageIsTwo() throws IOException {
    run("fly").fails(2, "fly");
    run("generate").fails(2, "MODEL");
    run("generate", dir).fails(2, "--prompt");
    run("generate", dir, "-p", "x", "--kernels", "fast").fails(2, "expected auto, avx512");
    run("generate", dir, "-p", "x", "--prompt-ids", "1").fails(2, "mutually exclusive");
    run("generate", dir, "-p", "x", "--routing", "topk").fails(2, "not causal");
    run("generate", dir, "-p", "x", "--greedy", "--temperature", "1").fails(2, "exclude");
    run("generate", dir, "-p", "x", "--top-p", "0").fails(2, "topP is 0.0, expected");
    run("generate", dir, "-p", "x", "--temperature", "NaN").fails(2, "temperature is NaN");
    for (String name : List.of("--probability-threshold", "--threshold")) {
      run("generate", dir, "-p", "x", name, "2")
          .fails(2, "probabilityThreshold is 2.0, expected 0 to 1");
    }
    run("generate", dir, "-p", "x", "--threads", "-1").fails(2, "threads is -1");
    for (String wrong : List.of("-1", "1000001")) {
      run("generate", dir, "-p", "x", "--spin-us", wrong)
          .fails(2, "spinMicroseconds is " + wrong + ", expected 0 to 1000000");
    }
    String help = run("help", "generate").succeeds().out().replaceAll("\\s+", " ");
    assertThat(help).containsPattern("--spin-us=N [^.]*\\. Default: 100\\.");
    run("perplexity", dir, "--text", "x", "--window", "0").fails(2, "--window is 0");
    run("perplexity", dir, "--text", "x", "--routing", "best").fails(2, "threshold or topk");
    run("verify", dir).fails(2, "--expected");
    run("export", "onnx", dir, "x").fails(2, "GGUF");
    run("export", "gguf", dir, "x", "--type", "q3").fails(2, "q3");
    Path model = converted(golden("expert-n3"), dir.resolve("model"));
    Path expected = golden("expert-n3").resolve("expected.safetensors");
    run("verify", model, "--expected", expected, "--tolerance", "NaN").fails(2, "tolerance is NaN");
    run("generate", model, "--prompt-ids", "1,2", "--max-recursions", "4").fails(2, "at most");
    run("generate", model, "--prompt-ids", "1,99999").fails(2, "99999");
  }

  @Test
  void badInputIsThree() throws IOException {
    Path none = dir.resolve("none");
    for (Run run :
        new Run[] {
          run("generate", none, "-p", "x"),
          run("inspect", none),
          run("convert", none, dir.resolve("target")),
          run("verify", none, "--expected", none),
          run("perplexity", none, "--text", ALICE),
          run("depths", dir, "--text", none),
          run("export", "gguf", none, dir.resolve("x.gguf")),
          run("doctor", none, "--quick"),
          run("serve", none),
          run("compare", none, none, "--text", ALICE),
          run("bench-serve", none, "--rate", "1")
        }) {
      run.fails(3, "none");
    }
    run("inspect", dir).fails(3, "config.json");
    run("generate", golden("expert-n3"), "-p", "x").fails(3, "mor4j convert");
    Path model = converted(golden("expert-n3"), dir.resolve("model"));
    run("convert", golden("expert-n3"), model).fails(3, "exists");
    run("convert", golden("expert-n3"), model, "--overwrite").succeeds();
    run("generate", model, "-p", "x").fails(3, "tokenizer.json");
    run("export", "gguf", model, dir.resolve("x.gguf")).fails(3, "expert-choice router");
    Path weights = model.resolve("model.safetensors");
    Files.write(weights, new byte[] {1, 2, 3});
    run("generate", model, "--prompt-ids", "1").fails(3, "model.safetensors");
    assertThat(run("generate", model, "--prompt-ids", "1", "--verbose").err()).contains("\tat ");
    assertThat(runIn(Map.of("MOR4J_DEBUG", "1"), false, "inspect", none).err()).contains("\tat ");
  }

  /** Of each command that opens a converted model, the words around the model's folder. */
  private static List<List<Object>> openers() {
    return List.of(
        List.of("generate", "MODEL", "-p", "x"),
        List.of("serve", "MODEL", "--port", 0),
        List.of("perplexity", "MODEL", "--text", ALICE),
        List.of("compare", "MODEL", "MODEL", "--text", ALICE),
        List.of("depths", "MODEL", "--text", ALICE),
        List.of("doctor", "MODEL", "--quick"),
        List.of("bench-serve", "MODEL", "--rate", 1),
        List.of("export", "gguf", "MODEL", "x.gguf"));
  }

  private Run open(List<Object> command, Path model) {
    return run(command.stream().map(word -> word.equals("MODEL") ? model : word).toArray());
  }

  /** A checkpoint of the authors', one of Hugging Face's, one that nobody can convert. */
  @Test
  void whatIsNoModelSaysWhichCommandHelps() throws IOException {
    Path odd = Files.createDirectories(dir.resolve("odd"));
    Files.writeString(odd.resolve("config.json"), "{\"model_type\": \"other\"}");
    Files.writeString(odd.resolve("pytorch_model.bin"), "weights");
    Path file = Files.writeString(dir.resolve("file"), "");
    Path none = dir.resolve("none");
    for (List<Object> command : openers()) {
      for (Path checkpoint : List.of(golden("expert-n3"), golden("vanilla"), odd)) {
        open(command, checkpoint)
            .fails(3, checkpoint + ": this is a checkpoint that is not converted")
            .fails(3, "mor4j convert " + checkpoint + " DST");
      }
      open(command, none).fails(3, none + ": no such file or folder").fails(3, "mor4j convert SRC");
      open(command, file).fails(3, file + ": this is a file, expected the folder of a model");
    }
    run("inspect", file).fails(3, "this is a file");
    run("inspect", none).fails(3, none + ": no such file or folder");
    run("verify", none, "--expected", none).fails(3, none + ": no such file or folder");
    run("convert", none, dir.resolve("new")).fails(3, none.toString());
  }

  @Test
  void optionsThatNothingLooksAtAreRefused() throws IOException {
    for (List<Object> opener : openers()) {
      if (!opener.getFirst().equals("export")) {
        List<Object> command = new ArrayList<>(opener);
        command.addAll(List.of("--device", 0));
        open(command, dir).fails(2, "--device has no meaning without --backend cuda");
        command.set(command.size() - 2, "--device-numbers");
        command.set(command.size() - 1, "bf16");
        open(command, dir).fails(2, "--device-numbers has no meaning without --backend cuda");
      }
    }
    Object[][] wrong = {
      {"--kernels", "avx2", "--backend", "cuda"},
      {"--threads", 2, "--backend", "cuda"},
      {"--threads", 2, "--kernels", "java"},
      {"--spin-us", 50, "--backend", "cuda"},
      {"--spin-us", 50, "--kernels", "java"},
      {"--top-k", 5, "--greedy"},
      {"--top-p", 0.5, "--greedy"},
      {"--min-p", 0.1, "--greedy"},
      {"--top-k", 5, "--temperature", 0},
      {"--show-depths", "--json"},
      {"--stats", "--json"},
    };
    for (Object[] options : wrong) {
      List<Object> command = new ArrayList<>(List.of("generate", dir, "-p", "x"));
      command.addAll(List.of(options));
      run(command.toArray()).fails(2, options[0] + " has no meaning with");
    }
    run("generate", dir, "-p", "x", "--color", "always").fails(2, "--color has no meaning without");
    for (String option : List.of("--min-exit-batch", "--max-exit-wait")) {
      run("serve", dir, option, 3, "--depth-batching", "off")
          .fails(2, option + " has no meaning without --depth-batching continuous");
    }
    for (String command : List.of("perplexity", "compare", "depths")) {
      List<Object> words = new ArrayList<>(List.of(command, dir));
      words.addAll(command.equals("compare") ? List.of(dir) : List.of());
      words.addAll(List.of("--text", ALICE, "--routing", "topk", "--threshold", 0.5));
      run(words.toArray()).fails(2, "--probability-threshold has no meaning with --routing topk");
    }
    run("bench-serve", dir, "--rate", 1, "--shared-share", 0.3)
        .fails(2, "--shared-share has no meaning without --shared-prefix");
    run("bench-serve", dir, "--rate", 1, "--warm-up-concurrency", 3)
        .fails(2, "--warm-up-concurrency has no meaning without --warm-up");
  }

  /** What help shows as defaults is what the runtime and the server say. */
  @Test
  void helpShowsTheDefaultsOfTheRuntime() {
    String generate = run("generate", "--help").succeeds().out().replaceAll("\\s+", " ");
    GenerationOptions sampling = GenerationOptions.defaults();
    assertThat(generate)
        .contains("The most tokens to generate. Default: " + sampling.maxNewTokens() + ".")
        .contains("0 is greedy. Default: " + sampling.temperature() + ".")
        .contains("1 keeps all. Default: " + sampling.topP() + ".")
        .contains("Default: " + SessionOptions.defaults().probabilityThreshold() + ", as trained.")
        .doesNotContain("DEFAULT-VALUE", "null");
    String serve = run("serve", "--help").succeeds().out().replaceAll("\\s+", " ");
    assertThat(serve)
        .contains("run at the same time. Default: " + EngineOptions.defaults().maxSequences() + ".")
        .contains(
            "such as 512M or 2G. Default: 1G or, where that is less,",
            "body of a request. Default: 1M.")
        .contains("takes any that is free. Default: " + ServerOptions.of("x").port() + ".")
        .doesNotContain("DEFAULT-VALUE", "null");
  }

  @Test
  void aClosedPipeEndsQuietly() {
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    StringBuilder said = new StringBuilder();
    OutputStream err =
        new OutputStream() {
          @Override
          public void write(int b) {
            said.append((char) b);
          }
        };
    Terminal terminal =
        new Terminal(
            new PrintStream(new LoudOutputStream(closed), false, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false,
            false,
            Map.of());
    assertThat(Main.run(terminal, "inspect", TRAINED.toString())).isEqualTo(141);
    assertThat(said).isEmpty();
  }

  @Test
  void aFullDiskIsSaid() {
    OutputStream full =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("No space left on device");
          }
        };
    Terminal terminal =
        new Terminal(
            new PrintStream(new LoudOutputStream(full), false, StandardCharsets.UTF_8),
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
            false,
            false,
            Map.of());
    assertThat(Main.run(terminal, "inspect", TRAINED.toString())).isEqualTo(3);
  }
}
