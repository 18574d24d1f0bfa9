package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Convert, inspect, verify and random, on tiny models. */
class GoldenCommandsTest extends CommandLineTest {
  @Test
  void convertInspectVerify() throws IOException {
    Path source = golden("expert-n3");
    Path model = dir.resolve("model");
    assertThat(run("convert", source, model).succeeds().out()).contains("41 tensors", "78 places");
    assertThat(run("inspect", model).succeeds().out())
        .contains("converted", "3 recursions of", "expert-choice", "KV bytes");
    JsonNode before = run("inspect", source, "--json").succeeds().json();
    JsonNode after = run("inspect", model, "--json").succeeds().json();
    assertThat(before.get("kind").asText()).isEqualTo("mixture_of_recursions_checkpoint");
    assertThat(after.get("kind").asText()).isEqualTo("converted");
    for (String same :
        new String[] {"unique_parameters", "unique_bytes", "recursions", "routing"}) {
      assertThat(after.get(same)).as(same).isEqualTo(before.get(same));
    }
    Path expected = source.resolve("expected.safetensors");
    for (Path folder : new Path[] {source, model}) {
      JsonNode document = run("verify", folder, "--expected", expected, "--json").succeeds().json();
      assertThat(document.get("passed").asBoolean()).isTrue();
      assertThat(document.get("results")).hasSize(2);
      for (JsonNode result : document.get("results")) {
        assertThat(result.get("different_routing_decisions").asInt()).isZero();
        assertThat(result.get("routing_decisions").asInt()).isEqualTo(2 * 24 * 3);
        assertThat(result.get("largest_logit_difference").asDouble()).isLessThan(1e-3);
      }
    }
    assertThat(run("verify", model, "--expected", expected).succeeds().out())
        .contains("topk", "threshold", "passed");
  }

  @Test
  void verifyFailsWithOne() throws IOException {
    Path expected = golden("expert-n3").resolve("expected.safetensors");
    Run run = run("verify", golden("expert-n3-tanh"), "--expected", expected);
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.out()).contains("FAILED");
    Run json = run("verify", golden("expert-n3-tanh"), "--expected", expected, "--json");
    assertThat(json.exitCode()).isEqualTo(1);
    assertThat(json.json().get("passed").asBoolean()).isFalse();
    run("verify", golden("expert-n2"), "--expected", expected).fails(3, "active_2");
    run("verify", golden("vanilla"), "--expected", expected).fails(3, "threshold_");
  }

  @Test
  void convertLeavesNothingPartial() throws IOException {
    Path broken = dir.resolve("broken");
    Files.createDirectory(broken);
    Files.copy(golden("expert-n3").resolve("config.json"), broken.resolve("config.json"));
    run("convert", broken, dir.resolve("model")).fails(3, "broken");
    try (Stream<Path> left = Files.list(dir)) {
      assertThat(left).containsExactly(broken);
    }
  }

  @Test
  void progressOnlyForPeople() {
    Path source = golden("expert-n3");
    assertThat(run("convert", "--no-tokenizer", source, dir.resolve("a")).err()).isEmpty();
    Run seen =
        runIn(Map.of(), true, "convert", "--no-tokenizer", source, dir.resolve("b")).succeeds();
    assertThat(seen.err()).contains("writing weights");
    Run quiet = runIn(Map.of(), true, "convert", "-q", "--no-tokenizer", source, dir.resolve("c"));
    assertThat(quiet.succeeds().err()).isEmpty();
    assertThat(quiet.out()).isEmpty();
  }

  @Test
  void saysWhatBeginsAndEndsTextsAndFromWhichFile() throws IOException {
    Path source = Files.createDirectory(dir.resolve("source"));
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(golden("hf-llama").resolve(name), source.resolve(name));
    }
    assertThat(run("convert", source, dir.resolve("none")).succeeds().err())
        .contains("note: there is no tokenizer");
    assertThat(run("inspect", dir.resolve("none")).succeeds().out())
        .contains("tokenizer   none", "generation  ends at 2 (config.json: eos_token_id)")
        .doesNotContain("begin with");
    Files.writeString(source.resolve("vocab.json"), "{\"a\": 0, \"<|endoftext|>\": 3}");
    Files.writeString(source.resolve("merges.txt"), "#version: 0.2\n");
    Files.writeString(source.resolve("generation_config.json"), "{\"eos_token_id\": [3, 7]}");
    Files.writeString(
        source.resolve("tokenizer_config.json"),
        "{\"tokenizer_class\": \"GPT2Tokenizer\", \"add_bos_token\": true}");
    Path model = dir.resolve("model");
    assertThat(run("convert", source, model).succeeds().err())
        .contains(
            "mor4j: note: generation_config.json: eos_token_id is [3, 7], but config.json:"
                + " eos_token_id is [2]; the former counts");
    for (Path folder : List.of(source, model)) {
      assertThat(run("inspect", folder).succeeds().out())
          .contains(
              "tokenizer   vocab.json, merges.txt",
              "texts       begin with 3 (tokenizer_config.json: add_bos_token)",
              "            end with nothing (vocab.json: post-processor)",
              "generation  ends at 3, 7 (generation_config.json: eos_token_id)");
      JsonNode text = run("inspect", folder, "--json").succeeds().json().get("text");
      assertThat(text.get("tokenizer")).hasSize(2);
      assertThat(text.at("/begin/ids/0").asInt()).isEqualTo(3);
      assertThat(text.at("/begin/from").asText()).isEqualTo("tokenizer_config.json: add_bos_token");
      assertThat(text.at("/end/ids")).isEmpty();
      assertThat(text.at("/bos/ids/0").asInt()).isEqualTo(1);
      assertThat(text.at("/generation_end/ids/1").asInt()).isEqualTo(7);
    }
    Files.writeString(source.resolve("tokenizer.json"), "{}");
    run("convert", source, dir.resolve("refused"))
        .fails(3, "tokenizer.json: ")
        .fails(3, "the option --no-tokenizer converts the model without its tokenizer");
    assertThat(run("inspect", source).succeeds().out()).contains("note", "tokenizer.json");
    run("convert", "--no-tokenizer", source, dir.resolve("without")).succeeds();
  }

  @Test
  void exportsModelsWithoutRouter() throws IOException {
    Path model = converted(golden("recursive-middle-cycle"), dir.resolve("model"));
    Path file = dir.resolve("model.gguf");
    Run made = run("export", "gguf", model, file, "--type", "f16").succeeds();
    assertThat(made.out()).contains("model.gguf", "tensors, f16");
    assertThat(made.err()).contains("<17>");
    assertThat(file).isNotEmptyFile();
    run("export", "gguf", model, file).fails(3, "exists");
    assertThat(run("export", "gguf", model, file, "--overwrite", "-q").succeeds().out()).isEmpty();
  }

  @Test
  void randomModelsGenerate() throws IOException {
    Path model = dir.resolve("random");
    Run made =
        run(
            "random",
            model,
            "--shape",
            "135m",
            "--recursions",
            3,
            "--vocab",
            64,
            "--dtype",
            "bf16");
    assertThat(made.succeeds().out()).contains("29 layers = 1 + 3 × 9 + 1");
    assertThat(made.err()).contains("29 layers instead of 30");
    JsonNode text =
        run("generate", model, "--prompt-ids", "1,2,3", "-n", 5, "--seed", 1, "--json")
            .succeeds()
            .json();
    assertThat(text.get("tokens")).hasSize(5);
    assertThat(text.get("prompt_tokens").asInt()).isEqualTo(3);
    assertThat(text.get("kv").get("used_bytes").asLong())
        .isPositive()
        .isLessThanOrEqualTo(text.get("kv").get("vanilla_bytes").asLong());
    run("random", model, "--shape", "135m", "--recursions", 2).fails(3, "exists");
  }

  @Test
  void randomModelsOfOtherKinds() throws IOException {
    Object[][] kinds = {
      {1, "--dtype", "bf16"},
      {2, "--routing", "token"},
      {4, "--caching", "shared-update"},
      {2, "--caching", "shared"},
    };
    for (int i = 0; i < kinds.length; i++) {
      Path model = dir.resolve("model" + i);
      run(
              "random",
              model,
              "--shape",
              "135m",
              "--vocab",
              32,
              "--recursions",
              kinds[i][0],
              kinds[i][1],
              kinds[i][2])
          .succeeds();
      assertThat(run("inspect", model, "--json").succeeds().json().get("recursions").asInt())
          .isEqualTo(kinds[i][0]);
    }
    Path none = dir.resolve("none");
    run("random", none, "--shape", "1b", "--recursions", 2).fails(2, "135m or 360m");
    run("random", none, "--shape", "135m", "--recursions", 5).fails(2, "1 to 4");
    run("random", none, "--shape", "135m", "--recursions", 1, "--routing", "token")
        .fails(2, "2 or more");
    run(
            "random",
            none,
            "--shape",
            "135m",
            "--recursions",
            2,
            "--routing",
            "token",
            "--caching",
            "shared-update")
        .fails(2, "--routing expert");
    assertThat(none).doesNotExist();
  }
}
