package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.cli.terminal.LoudOutputStream;
import dev.mor4j.cli.terminal.Terminal;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
    run("generate", dir, "-p", "x", "--threshold", "2")
        .fails(2, "threshold is 2.0, expected 0 to 1");
    run("generate", dir, "-p", "x", "--threads", "-1").fails(2, "threads is -1");
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
          run("export", "gguf", none, dir.resolve("x.gguf"))
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
