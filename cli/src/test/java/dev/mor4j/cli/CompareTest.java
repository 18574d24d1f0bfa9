package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Quantising and comparing on the trained checkpoint; plain Java computes, so texts are short. */
class CompareTest extends CommandLineTest {
  @TempDir static Path shared;
  private static Path model;
  private static Path int8;

  @BeforeAll
  static void convert() throws IOException {
    model = converted(TRAINED, shared.resolve("model"));
    int8 = shared.resolve("int8");
    assertThat(run("convert", TRAINED, int8, "--quantize", "int8").succeeds().out())
        .contains("4.28 MiB in 50 tensors, for 105 places of the model; int8");
  }

  @ParameterizedTest
  @ValueSource(strings = {"topk", "threshold"})
  void aModelIsLikeItself(String routing) {
    JsonNode same =
        run(
                "compare",
                model,
                model,
                "--text",
                ALICE,
                "--windows",
                3,
                "--routing",
                routing,
                "--json")
            .succeeds()
            .json();
    assertThat(same.get("windows").asInt()).isEqualTo(3);
    assertThat(same.get("tokens").asInt()).isEqualTo(3 * 512);
    assertThat(same.get("same_top_tokens").asInt()).isEqualTo(3 * 512);
    assertThat(same.get("routing_decisions").asInt()).isEqualTo(3 * 512 * 3);
    assertThat(same.get("same_routing_decisions").asInt()).isEqualTo(3 * 512 * 3);
    for (String zero :
        new String[] {"mean_kl_nats", "largest_kl_nats", "largest_logit_difference"}) {
      assertThat(same.get(zero).asDouble()).as(zero).isZero();
    }
    JsonNode alone =
        run("perplexity", model, "--text", ALICE, "--windows", 3, "--routing", routing, "--json")
            .succeeds()
            .json();
    for (String of : new String[] {"_a", "_b"}) {
      assertThat(same.get("nll_nats_per_token" + of).asDouble())
          .isCloseTo(alone.get("nll_nats_per_token").asDouble(), within(1e-12));
    }
    // Top-k compares with no threshold; with one, recursion 0 takes all tokens and decides nothing.
    int clear = same.get("clear_routing_decisions").asInt();
    if (routing.equals("topk")) {
      assertThat(clear).isZero();
    } else {
      assertThat(clear).isBetween(512, 3 * 512 * 2);
      assertThat(same.get("same_clear_routing_decisions").asInt()).isEqualTo(clear);
    }
  }

  /** Measured on these 128 tokens: KL 0.00035, no decision differs, after 126 the same token. */
  @Test
  void int8IsNearAndNotTheSame() {
    Object[] arguments = {
      "compare", model, int8, "--text", ALICE, "--window", 64, "--windows", 2, "--kernels", "java"
    };
    JsonNode found = run(with(arguments, "--json")).succeeds().json();
    assertThat(found.get("mean_kl_nats").asDouble()).isBetween(1e-6, 1e-3);
    assertThat(found.get("largest_kl_nats").asDouble())
        .isBetween(found.get("mean_kl_nats").asDouble(), 0.05);
    assertThat(found.get("largest_logit_difference").asDouble()).isBetween(0.01, 2.0);
    assertThat(found.get("same_top_tokens").asInt()).isBetween(120, 128);
    assertThat(found.get("same_routing_decisions").asInt()).isBetween(378, 384);
    assertThat(found.get("nll_nats_per_token_b").asDouble())
        .isCloseTo(found.get("nll_nats_per_token_a").asDouble(), within(0.01));
    assertThat(run(with(arguments, "--routing=threshold")).succeeds().out())
        .contains("negative log-likelihood", "same most likely token", "KL(A‖B)", "from the thresh")
        .contains("2 of 64 tokens: 128 tokens, routing threshold");
  }

  @Test
  void modelsThatCannotBeCompared() throws IOException {
    Path other = converted(golden("expert-n3"), dir.resolve("other"));
    run("compare", other, model, "--text", ALICE, "--window", 64).fails(3, "has no tokenizer");
    Files.copy(model.resolve("tokenizer.json"), other.resolve("tokenizer.json"));
    run("compare", model, other, "--text", ALICE, "--window", 64)
        .fails(3, "other: is a model of hidden size 32")
        .fails(3, "expected hidden size 256");
    Path copy = converted(TRAINED, dir.resolve("copy"));
    Files.writeString(copy.resolve("tokenizer.json"), "\n", StandardOpenOption.APPEND);
    run("compare", model, copy, "--text", ALICE).fails(3, "tokenizer.json: differs from");
    run("compare", model, dir.resolve("none"), "--text", ALICE).fails(3, "none");
    run("compare", model, copy).fails(2, "--text");
    run("compare", model, copy, "--text", ALICE, "--windows", -1).fails(2, "--windows is -1");
    run("compare", model, copy, "--text", ALICE, "--window", 4096).fails(2, "at most the 2048");
    run("compare", model, model, "--text", ALICE, "--threshold", 0.4).fails(2, "no meaning with");
  }

  @ParameterizedTest
  @CsvSource({"bf16, 8.04 MiB", "int4, 2.52 MiB"})
  void convertedModelsAreQuantised(String type, String size) throws IOException {
    Path out = dir.resolve("out");
    assertThat(run("convert", model, out, "--quantize", type).succeeds().out())
        .contains(size, type);
    JsonNode inspected = run("inspect", out, "--json").succeeds().json();
    JsonNode plain = run("inspect", model, "--json").succeeds().json();
    assertThat(inspected.get("unique_parameters")).isEqualTo(plain.get("unique_parameters"));
    assertThat(
            inspected.get("parameters_by_type").has(type.equals("bf16") ? "BF16_PANELS" : "INT4"))
        .isTrue();
    assertThat(
            run("generate", out, "-p", "The sea", "-n", 3, "--kernels", "java", "--json")
                .succeeds()
                .json()
                .get("tokens"))
        .hasSize(3);
    run("convert", out, dir.resolve("again"), "--quantize", "int8")
        .fails(3, "is already quantised as " + type + ", convert from the original");
  }

  @Test
  void quantisingIsAskedForRightly() throws IOException {
    Path out = dir.resolve("out");
    run("convert", TRAINED, out, "--quantize", "int3").fails(2, "expected bf16, int8 or int4");
    run("convert", TRAINED, out, "--quantize-head", "int8").fails(2, "needs --quantize");
    run("convert", model, out).fails(3, "is a converted model, expected a checkpoint");
    assertThat(out).doesNotExist();
    assertThat(
            run("convert", TRAINED, out, "--quantize", "int4", "--quantize-head", "bf16")
                .succeeds()
                .out())
        .contains("; int4, embedding and head bf16");
  }

  private static Object[] with(Object[] arguments, String more) {
    Object[] all = java.util.Arrays.copyOf(arguments, arguments.length + 1);
    all[arguments.length] = more;
    return all;
  }
}
