package dev.mor4j.runtime.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.RoutingConfig.RouterFunction;
import dev.mor4j.runtime.format.RoutingConfig.RouterKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigJsonTest {
  @TempDir Path dir;

  @Test
  void readsBackWhatItWrites() throws IOException {
    List<ModelConfig> configs =
        List.of(
            expert(),
            new ModelConfig(
                architecture(1, -1, List.of()),
                Sharing.CYCLE,
                2,
                new RoutingConfig.TokenChoice(
                    RouterKind.MLP, RouterFunction.SOFTMAX, 1f / 3, 2.5f, false, true),
                Caching.SHARED,
                Map.of()),
            new ModelConfig(
                architecture(0, 3, List.of(1, 2)),
                Sharing.NONE,
                1,
                new RoutingConfig.None(),
                Caching.RECURSION_WISE,
                Map.of(TensorNames.HEAD, TensorNames.EMBEDDING)),
            expert().withText(Optional.of(new TextConfig(List.of(), List.of()))),
            expert().withText(Optional.of(new TextConfig(List.of(1, 0), List.of(63)))));
    int i = 0;
    for (ModelConfig config : configs) {
      Path file = dir.resolve(i++ + ".json");
      ModelConfigJson.write(config, file);
      assertThat(ModelConfigJson.read(file)).isEqualTo(config);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"mor4j\" | \"gguf\" | format is \"gguf\", expected \"mor4j\"",
        "\"version\" : 1 | \"version\" : 2 | version is 2, expected 1",
        "\"version\" : 1, | | version is missing",
        "\"version\" : 1 | \"version\" : 1, \"x\" : 3 | x is 3, which is not a known setting",
        "\"hidden_size\" : 32 | \"hidden_size\" : 32, \"hidden_size\" : 64 | Duplicate",
        "\"hidden_size\" : 32 | \"hidden_size\" : \"32\" | model.hidden_size is \"32\", expected a whole number",
        "\"hidden_size\" : 32 | \"hidden_size\" : 32.5 | model.hidden_size is 32.5, expected a whole number",
        "\"hidden_size\" : 32 | \"hidden_size\" : 99999999999 | model.hidden_size is 99999999999",
        "\"hidden_size\" : 32 | \"hidden_size\" : 0 | hidden_size is 0, expected a whole number from 1",
        "\"hidden_size\" : 32, | | model.hidden_size is missing",
        "\"hidden_size\" : 32 | \"hidden_size\" : 32, \"y\" : [] | model.y is [], which is not a known setting",
        "\"tie_word_embeddings\" : true | \"tie_word_embeddings\" : 1 | model.tie_word_embeddings is 1, expected true or false",
        "\"rope_theta\" : 10000.0 | \"rope_theta\" : 1e999 | model.rope_theta is Infinity, expected a finite number",
        "\"middle_cycle\" | \"zigzag\" | sharing.strategy is \"zigzag\", expected one of",
        "\"recursions\" : 2 | \"recursions\" : 5 | num_hidden_layers is 6, expected 2 + a multiple of the 5 recursions",
        "\"sigmoid\" | \"softmax\" | expert-choice router function is softmax",
        "0.5 ] | 1.5 ] | capacity is [1.0, 1.5], expected descending",
        "0.5 ] | null ] | routing.capacities",
        "\"recursion_wise\" | \"lru\" | caching is \"lru\"",
        "\"lm_head.weight\" | \"nobody.weight\" | the model has no tensor of that name",
        "\"embed_tokens.weight\" | \"norm.weight\" | expected a tensor of shape [64, 32], found shape [32]",
        "\"embed_tokens.weight\" | \"lm_head.weight\" | expected the name of a stored tensor",
        "[ 1, 2 ] | [ 1, 64 ] | text.begin_ids is 64, expected a whole number from 0 to 63",
        "[ 1, 2 ] | [ -1 ] | text.begin_ids is -1, expected a whole number from 0 to 63",
        "[ 1, 2 ] | [ 1.5 ] | text.begin_ids is [1.5], expected a list of token ids",
        "[ 1, 2 ] | 1 | text.begin_ids is 1, expected a list",
        "\"begin_ids\" | \"bos_ids\" | text.begin_ids is missing",
        "\"begin_ids\" | \"x\" : 1, \"begin_ids\" | text.x is 1, which is not a known setting",
      })
  void refusesWhatIsWrong(String from, String to, String message) throws IOException {
    Path file = dir.resolve("config.json");
    ModelConfigJson.write(
        expert().withText(Optional.of(new TextConfig(List.of(1, 2), List.of()))), file);
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to == null ? "" : to));
    assertThatThrownBy(() -> ModelConfigJson.read(file))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(message);
  }

  @Test
  void refusesMoreIdsAroundATextThanAnyModelHas() throws IOException {
    Path file = dir.resolve("config.json");
    List<Integer> many = Collections.nCopies(65, 1);
    ModelConfigJson.write(expert().withText(Optional.of(new TextConfig(List.of(), many))), file);
    assertThatThrownBy(() -> ModelConfigJson.read(file))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("text.end_ids has 65 ids, expected at most 64");
  }

  @Test
  void refusesDeepNesting() throws IOException {
    Path file = Files.writeString(dir.resolve("deep"), "{\"a\":" + "[".repeat(500_000));
    assertThatThrownBy(() -> ModelConfigJson.read(file))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("nesting");
  }

  @Test
  void randomModelIsWhatItsConfigurationSays() throws IOException {
    Path model = dir.resolve("model");
    ModelConfig written = RandomModel.write(model, expert(), DType.BF16, 42);
    assertThat(ModelConfigJson.read(model.resolve("config.json"))).isEqualTo(written);
    SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"));
    TensorNames.shapes(written)
        .forEach(
            (name, shape) -> {
              SafetensorsFile.Tensor tensor = file.tensors().get(written.storedName(name));
              assertThat(tensor).as(name).isNotNull();
              assertThat(tensor.shape())
                  .containsExactly(java.util.Arrays.stream(shape).boxed().toArray(Long[]::new));
            });
    assertThat(written.storedName(TensorNames.layer(3, "q"))).isEqualTo(TensorNames.layer(1, "q"));
    Path again = dir.resolve("again");
    RandomModel.write(again, expert(), DType.BF16, 42);
    assertThat(again.resolve("model.safetensors"))
        .hasSameBinaryContentAs(model.resolve("model.safetensors"));
  }

  private static ModelConfig expert() {
    return new ModelConfig(
        architecture(0, 0, List.of(0)),
        Sharing.MIDDLE_CYCLE,
        2,
        new RoutingConfig.ExpertChoice(
            RouterKind.LINEAR, RouterFunction.SIGMOID, 0.1f, 1, true, List.of(1.0, 0.5), true),
        Caching.RECURSION_WISE,
        Map.of(TensorNames.HEAD, TensorNames.EMBEDDING));
  }

  private static ArchitectureConfig architecture(int tied, int bos, List<Integer> eos) {
    return ArchitectureConfig.builder()
        .hidden(32)
        .intermediate(88)
        .heads(4)
        .kvHeads(2)
        .headDim(8)
        .layers(6)
        .vocabulary(64)
        .maxPositions(128)
        .tiedHead(tied == 0)
        .bosTokenId(bos)
        .eosTokenIds(eos)
        .build();
  }
}
