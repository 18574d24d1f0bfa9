package dev.mor4j.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.converter.CheckpointConverter;
import dev.mor4j.converter.ConversionOptions;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.Sharing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model goes out in Hugging Face's names and comes back the same. */
class HuggingFaceFolderTest {
  @TempDir Path dir;

  @Test
  void comesBackTheSame() throws IOException {
    ModelConfig config =
        new ModelConfig(
            ArchitectureConfig.builder()
                .hidden(64)
                .intermediate(96)
                .heads(2)
                .kvHeads(1)
                .headDim(32)
                .layers(2)
                .vocabulary(40)
                .maxPositions(128)
                .rmsNormEps(1e-6f)
                .ropeTheta(5000)
                .tiedHead(false)
                .build(),
            Sharing.NONE,
            1,
            new RoutingConfig.None(),
            Caching.RECURSION_WISE,
            Map.of());
    Path model = dir.resolve("model");
    RandomModel.write(model, config, DType.BF16, 1);
    HuggingFaceFolder.write(model, dir.resolve("hf"));
    assertThat(Files.readString(dir.resolve("hf/tokenizer.json"))).contains("\"<39>\" : 39");

    Path back = dir.resolve("back");
    ModelConfig found =
        CheckpointConverter.convert(dir.resolve("hf"), back, ConversionOptions.DEFAULT).config();
    assertThat(found.architecture().headDim()).isEqualTo(32);
    assertThat(found.architecture().ropeTheta()).isEqualTo(5000);
    assertThat(back.resolve("model.safetensors"))
        .hasSameBinaryContentAs(model.resolve("model.safetensors"));
  }
}
