package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelConfigJson;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.RoutingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Settings that contradict each other or the weights, or ask for what is not supported. */
class SettingsTest {
  @TempDir Path dir;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"rope_scaling\": null | \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2} | rope_scaling is {type=linear, factor=2}, expected null",
        "\"attention_bias\": false | \"attention_bias\": true | attention_bias is true, expected false",
        "\"mlp_bias\": false | \"mlp_bias\": true | mlp_bias is true, expected false",
        "\"silu\" | \"gelu\" | hidden_act is \"gelu\", expected \"silu\"",
        "\"llama\" | \"gemma\" | model_type is \"gemma\", expected one of [llama, mistral]",
        "\"llama\" | \"mistral\", \"sliding_window\": 255 | sliding_window is 255, expected null, or at least max_position_embeddings 256",
        "\"llama\" | \"mistral\", \"sliding_window\": \"all\" | sliding_window is \"all\", expected a whole number",
        "\"model_type\": \"llama\", | | model_type is missing",
        "\"pretraining_tp\": 1 | \"pretraining_tp\": 2 | pretraining_tp is 2, expected 1",
        "\"use_cache\": true | \"sliding_window\": 4096 | sliding_window is 4096, expected null",
        "\"use_cache\": true | \"quantization_config\": {} | quantization_config is {}, expected null",
        "\"use_cache\": true | \"partial_rotary_factor\": 0.5 | partial_rotary_factor is 0.5, expected 1",
        "\"use_cache\": true | \"layer_types\": [\"sliding_attention\"] | layer_types is [sliding_attention]",
        "\"use_cache\": true | \"rope_parameters\": {\"rope_type\": \"yarn\"} | rope_parameters.rope_type is \"yarn\"",
        "\"use_cache\": true | \"rope_parameters\": {\"rope_theta\": 5.0} | rope_theta is 10000.0, expected 5.0",
        "\"hidden_size\": 32 | \"hidden_size\": \"32\" | hidden_size is \"32\", expected a whole number",
        "\"hidden_size\": 32 | \"hidden_size\": 64 | has shape",
        "\"head_dim\": 8 | \"head_dim\": 7 | head_dim is 7, expected an even number",
        "\"num_key_value_heads\": 2 | \"num_key_value_heads\": 3 | num_attention_heads is 4, expected a multiple",
        "\"vocab_size\": 256 | \"vocab_size\": 300 | model.embed_tokens.weight has shape [256, 32], expected [300, 32]",
        "\"num_hidden_layers\": 3 | \"num_hidden_layers\": 4 | 9 tensors missing [model.layers.3.input_layernorm.weight",
        "\"num_hidden_layers\": 3 | \"num_hidden_layers\": 2 | 9 tensors unexpected",
        "\"num_hidden_layers\": 3 | \"num_hidden_layers\": 100000 | num_hidden_layers is 100000",
        "\"tie_word_embeddings\": true | \"tie_word_embeddings\": false | missing [lm_head.weight]",
        "\"eos_token_id\": 2 | \"eos_token_id\": [2, \"x\"] | eos_token_id is [2, x]",
        "\"eos_token_id\": 2 | \"eos_token_id\": 256 | eos_token_id is 256",
        "\"bos_token_id\": 1 | \"bos_token_id\": 1, \"bos_token_id\": 1 | Duplicate",
        "{ | [ | expected",
        "\"bos_token_id\": 1 | \"kv_sharing\": {\"enable\": true} | kv_sharing.enable is true, but train_config.yaml says false",
      })
  void refusesHuggingFaceSettings(String from, String to, String message) throws IOException {
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    edit(source.resolve("config.json"), from, to);
    assertRefused(source, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "rand_router: false | rand_router: true | mor.rand_router is true, expected false",
        "router_type: linear | router_type: moe | mor.router_type is \"moe\", expected one of [linear, mlp, wide_mlp]",
        "sampling: aux_loss | sampling: dice | mor.expert.sampling is \"dice\", expected one of",
        "router_func: sigmoid | router_func: relu | mor.expert.router_func is \"relu\", expected one of",
        "type: expert | type: hybrid | mor.type is \"hybrid\", expected one of [expert, token]",
        "temp: 1.0 | temperature: 1.0 | mor.temperature is 1.0, which is not a known setting",
        "temp: 1.0 | temp: 0 | temp is 0.0, expected a positive number",
        "    include_first: true | nose: red | mor.expert.nose is \"red\", which is not a known setting",
        "ln_share: true | ln_shrae: true | recursive.ln_shrae is true, which is not a known setting",
        "update_cache: false | upd: false | kv_sharing.upd is false, which is not a known setting",
        "1.0,0.6666666666666666,0.3333333333333333 | 1.0,0.5 | mor.capacity is \"1.0,0.5\", expected 3 descending",
        "1.0,0.6666666666666666,0.3333333333333333 | 0.5,0.6,0.7 | mor.capacity",
        "1.0,0.6666666666666666,0.3333333333333333 | 1.0,,0.5 | mor.capacity",
        "1.0,0.6666666666666666,0.3333333333333333 | [1.0, 0.5, -0.5] | mor.capacity",
        "num_recursion: 3 | num_recursion: 4 | recursive.num_recursion is 4, expected a divisor of the 6 shared layers",
        "num_recursion: 3 | num_recursion: 0 | recursive.num_recursion is 0",
        "num_recursion: 3 | num_recursion: 2 | mor.capacity",
        "base_depth: null | base_depth: 3 | recursive.base_depth is 3, expected null or 2",
        "sharing: middle_cycle | sharing: cycle | recursive.num_recursion is 3, expected a divisor of the 8 shared layers",
        "sharing: middle_cycle | sharing: middle_sequence | routing needs sharing cycle or middle_cycle, found middle_sequence",
        "type: expert | type: token | missing",
        "router_type: linear | router_type: mlp | model.layers.1.mor_router.router.0.weight",
        "sampling: aux_loss | sampling: aux_router | model.layers.1.mlp_router.router.weight",
        "model: smollm | a: *b | found an alias in line 1",
        "model: smollm | a: {b | not valid YAML",
        "model: smollm | a: &b 1 | found an anchor in line 1",
        "model: smollm | a: !!java.net.URL [x] | found a tag in line 1",
        "model: smollm | precision: fp16 | the key precision twice",
        "model: smollm | relaxation: {enable: true} | relaxation",
        "num_recursion: 3 | num_recursion: ${nowhere} | recursive.num_recursion is ${nowhere}, expected the name of a setting",
        "num_recursion: 3 | num_recursion: ${recursive.num_recursion} | references in a row",
      })
  void refusesTrainingSettings(String from, String to, String message) throws IOException {
    Path source = Checkpoints.copy("expert-n3", dir.resolve("source"));
    edit(source.resolve("train_config.yaml"), from, to);
    assertRefused(source, message);
  }

  @Test
  void refusesMixtureSwitchedOnWithoutRecursion() throws IOException {
    Path source = Checkpoints.copy("expert-n3", dir.resolve("source"));
    edit(
        source.resolve("train_config.yaml"),
        "recursive:\n  enable: true",
        "recursive:\n  enable: false");
    assertRefused(source, "mor.enable is true while recursive.enable is false");
  }

  @Test
  void refusesCacheSharingThatTheFilesDisagreeOn() throws IOException {
    Path source = Checkpoints.copy("expert-n3-kvshare", dir.resolve("source"));
    edit(source.resolve("config.json"), "\"update_cache\": false", "\"update_cache\": true");
    assertRefused(source, "kv_sharing.update_cache is true, but train_config.yaml says false");
    edit(source.resolve("config.json"), "\"update_cache\": true", "\"update_cache\": false");
    edit(source.resolve("config.json"), "\"base_depth\": 2", "\"base_depth\": 3");
    assertRefused(source, "kv_sharing.base_depth is 3, expected the 2 layers");
    edit(source.resolve("config.json"), "\"base_depth\": 3", "\"base_depth\": 2");
    edit(source.resolve("config.json"), "\"num_recursion\": 3", "\"num_recursion\": 2");
    assertRefused(source, "kv_sharing.num_recursion is 2, but train_config.yaml says 3");
  }

  @Test
  void saysThatTrainingSettingsMayBeMissing() throws IOException {
    Path source = Checkpoints.copy("expert-n3", dir.resolve("source"));
    Files.delete(source.resolve("train_config.yaml"));
    assertRefused(source, "is train_config.yaml missing?");
  }

  @Test
  void refusesHostileYaml() throws IOException {
    Path source = Checkpoints.copy("expert-n3", dir.resolve("source"));
    Path yaml = source.resolve("train_config.yaml");
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
      bomb.append("a").append(i).append(": &a").append(i).append(" [");
      bomb.append(("*a" + (i - 1) + ", ").repeat(8)).append("*a").append(i - 1).append("]\n");
    }
    Files.writeString(yaml, bomb);
    assertRefused(source, "found an anchor");
    Files.writeString(yaml, "a: " + "[".repeat(400_000));
    assertRefused(source, "nests deeper than 32");
    Files.writeString(yaml, "a: " + "x".repeat(2_000_000));
    assertRefused(source, "expected at most 1048576");
    Files.writeString(yaml, "- a\n- b\n");
    assertRefused(source, "the file holds no mapping");
    Files.writeString(yaml, "");
    assertRefused(source, "expected");
    Files.writeString(yaml, "a: 1\n---\nb: 2\n");
    assertRefused(source, "expected one document");
    Files.write(yaml, new byte[] {'a', ':', ' ', (byte) 0xff});
    assertRefused(source, "not valid UTF-8");
  }

  @Test
  void refusesDeepJson() throws IOException {
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    Files.writeString(source.resolve("config.json"), "{\"a\":" + "[".repeat(400_000));
    assertRefused(source, "nesting");
  }

  @Test
  void readsSettingsBehindByteOrderMarks() throws IOException {
    Path source = Checkpoints.copy("expert-n3", dir.resolve("source"));
    for (String name : List.of("config.json", "train_config.yaml")) {
      Path file = source.resolve(name);
      Files.writeString(file, "\uFEFF" + Files.readString(file));
    }
    CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT);
    Path config = dir.resolve("out").resolve("config.json");
    ModelConfig plain = ModelConfigJson.read(config);
    Files.writeString(config, "\uFEFF" + Files.readString(config));
    assertThat(ModelConfigJson.read(config)).isEqualTo(plain);
    Files.writeString(config, "\uFEFF" + Files.readString(config));
    assertThatThrownBy(() -> ModelConfigJson.read(config))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("not valid JSON");
  }

  @Test
  void acceptsTheSpellingsOfTransformers5() throws IOException {
    Path source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    Files.delete(source.resolve("generation_config.json"));
    Path config = source.resolve("config.json");
    edit(
        config,
        "\"rope_theta\": 10000.0",
        "\"rope_parameters\": {\"rope_theta\": 500.0, \"rope_type\": \"default\"}");
    edit(config, "\"torch_dtype\"", "\"dtype\"");
    edit(config, "\"eos_token_id\": 2", "\"eos_token_id\": [2, 3]");
    edit(config, "\"bos_token_id\": 1", "\"bos_token_id\": null");
    edit(config, "\"head_dim\": 8,", "");
    edit(config, "\"use_cache\": true", "\"some_new_setting\": true");
    ConversionReport report =
        CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT);
    assertThat(report.config().architecture().ropeTheta()).isEqualTo(500);
    assertThat(report.config().architecture().eosTokenIds()).containsExactly(2, 3);
    assertThat(report.config().architecture().bosTokenId()).isEqualTo(-1);
    assertThat(report.config().architecture().headDim()).isEqualTo(8);
    assertThat(report.warnings()).anyMatch(warning -> warning.contains("some_new_setting"));
  }

  @Test
  void fillsInDefaultCapacitiesAndReferences() throws IOException {
    Path source = Checkpoints.copy("expert-n3", dir.resolve("source"));
    Path yaml = source.resolve("train_config.yaml");
    edit(yaml, "capacity: 1.0,0.6666666666666666,0.3333333333333333", "capacity: null");
    edit(
        yaml,
        "kv_sharing:\n  enable: false\n  base_depth: null\n  num_recursion: 3",
        "kv_sharing:\n  enable: true\n  base_depth: null\n  num_recursion: ${recursive.num_recursion}");
    ModelConfig config =
        CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT).config();
    assertThat(((RoutingConfig.ExpertChoice) config.routing()).capacities())
        .isEqualTo(List.of(1.0, 2.0 / 3, 1.0 / 3));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "expert-n3 | gating: weighted | gating: weighted | true",
        "expert-n3 | gating: weighted | gating: additive | false",
        "expert-n3 | gating: weighted | gating: null | false",
        "expert-n3 | gating: weighted | gating: false | false",
        "expert-n3 | gating: weighted | z: 0 | true",
        "token-n3 | gating: weighted | gating: null | false",
      })
  void weighsUnlessGatingSaysOtherwise(String golden, String from, String to, boolean weighted)
      throws IOException {
    Path source = Checkpoints.copy(golden, dir.resolve("source"));
    // A missing setting: its line is left out.
    edit(
        source.resolve("train_config.yaml"),
        "    " + from + "\n",
        to.equals("z: 0") ? "" : "    " + to + "\n");
    RoutingConfig routing =
        CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT)
            .config()
            .routing();
    assertThat(
            switch (routing) {
              case RoutingConfig.ExpertChoice expert -> expert.weighted();
              case RoutingConfig.TokenChoice token -> token.weighted();
              case RoutingConfig.None none -> throw new AssertionError(none);
            })
        .isEqualTo(weighted);
  }

  @Test
  void tokenChoiceHasTheDefaultsOfTheTrainingCodeAndNoCapacities() throws IOException {
    Path source = Checkpoints.copy("token-n3", dir.resolve("source"));
    Path yaml = source.resolve("train_config.yaml");
    edit(yaml, "capacity: 1.0,0.6666666666666666,0.3333333333333333", "capacity: 1.0,0.5");
    edit(yaml, "    router_func: softmax\n    alpha: 1.0\n", "");
    RoutingConfig.TokenChoice softmax = tokenChoice(source, "softmax");
    assertThat(softmax.function()).isEqualTo(RoutingConfig.RouterFunction.SOFTMAX);
    assertThat(softmax.alpha()).isEqualTo(1f);
    edit(yaml, "    balancing:", "    router_func: sigmoid\n    balancing:");
    assertThat(tokenChoice(source, "sigmoid").alpha()).isEqualTo(0.1f);
  }

  private RoutingConfig.TokenChoice tokenChoice(Path source, String out) throws IOException {
    return (RoutingConfig.TokenChoice)
        CheckpointConverter.convert(source, dir.resolve(out), ConversionOptions.DEFAULT)
            .config()
            .routing();
  }

  private static void edit(Path file, String from, String to) throws IOException {
    Checkpoints.edit(file, from, to == null ? "" : to);
  }

  private void assertRefused(Path source, String message) throws IOException {
    assertThatThrownBy(
            () ->
                CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(source.toString())
        .hasMessageContaining(message);
    assertThat(Checkpoints.list(dir)).containsExactly("source");
  }
}
