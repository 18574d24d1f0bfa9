package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.converter.verify.Verification;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mistral models are Llama models, as long as no window hides tokens from their attention. */
class MistralTest {
  @TempDir Path dir;
  private Path source;

  /** The tiny random Llama model of the goldens, whose context is 256, called a Mistral model. */
  @BeforeEach
  void copy() throws IOException {
    source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    edit("\"LlamaForCausalLM\"", "\"MistralForCausalLM\"");
    edit("\"model_type\": \"llama\"", "\"model_type\": \"mistral\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"sliding_window\": null,",
        "\"sliding_window\": 256,",
        "\"sliding_window\": 4096,",
        ""
      })
  void withoutAWindowItComputesWhatTheLlamaModelComputes(String window) throws IOException {
    edit("\"use_cache\"", window + " \"use_cache\"");
    Path llama = dir.resolve("llama");
    ModelConfig expected =
        CheckpointConverter.convert(
                Checkpoints.golden("hf-llama"), llama, ConversionOptions.DEFAULT)
            .config();
    Path mistral = dir.resolve("mistral");
    ConversionReport report =
        CheckpointConverter.convert(source, mistral, ConversionOptions.DEFAULT.withoutTokenizer());
    assertThat(report.config()).isEqualTo(expected);
    assertThat(report.warnings()).isEmpty();
    assertThat(mistral.resolve("model.safetensors"))
        .hasSameBinaryContentAs(llama.resolve("model.safetensors"));
    try (MorModel model = MorModel.open(mistral, ModelOptions.defaults())) {
      Path outputs = Checkpoints.golden("hf-llama").resolve("expected.safetensors");
      List<Verification> verifications = Verification.run(model, outputs, 1e-3);
      assertThat(verifications).isNotEmpty().allMatch(Verification::passed);
    }
  }

  /** As transformers reads it: eight heads of keys and values, 131072 positions, a window. */
  @Test
  void whatIsLeftOutHasMistralsDefaults() throws IOException {
    edit("\"max_position_embeddings\": 256,", "");
    refuses("sliding_window is missing, expected null, or at least max_position_embeddings 131072");
    edit("\"use_cache\"", "\"sliding_window\": 131071, \"use_cache\"");
    refuses("sliding_window is 131071, expected null");
    edit("\"sliding_window\": 131071", "\"sliding_window\": null");
    assertThat(convert("context").architecture().maxPositions()).isEqualTo(131_072);
    edit("\"num_key_value_heads\": 2,", "");
    refuses("num_key_value_heads is 8, expected a whole number from 1 to 4");
  }

  private ModelConfig convert(String name) throws IOException {
    return CheckpointConverter.convert(source, dir.resolve(name), ConversionOptions.DEFAULT)
        .config();
  }

  private void refuses(String message) {
    assertThatThrownBy(() -> convert("refused"))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(message);
    assertThat(Files.exists(dir.resolve("refused"))).isFalse();
  }

  private void edit(String from, String to) throws IOException {
    Checkpoints.edit(source.resolve("config.json"), from, to);
  }
}
