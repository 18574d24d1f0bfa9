package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.packing.Packing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Weights that are NaN or infinite are found when a checkpoint is converted: all of them. */
class NonFiniteWeightsTest {
  private static final String MATRIX = "model.layers.1.mlp.up_proj.weight";
  private static final String VECTOR = "model.norm.weight";

  @TempDir Path dir;

  private Path source;
  private Path file;

  @BeforeEach
  void copyCheckpoint() throws IOException {
    source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    file = source.resolve("model.safetensors");
  }

  @Test
  void namesEachTensorWithItsCountAndTheFirst() throws IOException {
    SafetensorsFile.Tensor matrix = SafetensorsFile.open(file).tensors().get(MATRIX);
    long cols = matrix.shape().getLast();
    long rows = matrix.shape().getFirst();
    write(MATRIX, 17 * cols + 3, Float.NaN);
    write(MATRIX, 17 * cols + 4, Float.NEGATIVE_INFINITY);
    write(MATRIX, rows * cols - 1, Float.POSITIVE_INFINITY);
    write(VECTOR, 0, Float.NaN);
    String found = MATRIX + " in model.safetensors: 3 of " + rows * cols + ", the first at [17, 3]";
    assertThatThrownBy(
            () ->
                CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("2 tensors have numbers that are NaN or infinite")
        .hasMessageContaining(found)
        .hasMessageContaining(VECTOR + " in model.safetensors: 1 of ")
        .hasMessageContaining("the first at [0]")
        .hasMessageContaining("--allow-non-finite");
    assertThat(Checkpoints.list(dir)).containsExactly("source");

    ConversionReport report =
        CheckpointConverter.convert(
            source, dir.resolve("out"), ConversionOptions.DEFAULT.withNonFinite());
    assertThat(report.warnings()).anyMatch(warning -> warning.contains(found));
    assertThat(Files.readString(dir.resolve("out").resolve(OutputFolder.REPORT)))
        .contains("[17, 3]");
  }

  @ParameterizedTest
  @EnumSource(Packing.class)
  void packedMatricesTakeFiniteNumbersOnly(Packing packing) throws IOException {
    write(MATRIX, 5, Float.NaN);
    write("model.layers.0.mlp.down_proj.weight", 0, Float.POSITIVE_INFINITY);
    ConversionOptions options =
        ConversionOptions.DEFAULT.withQuantization(Quantization.of(packing)).withNonFinite();
    assertThatThrownBy(() -> CheckpointConverter.convert(source, dir.resolve("out"), options))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("2 tensors have numbers that are NaN or infinite")
        .hasMessageContaining(MATRIX + " in model.safetensors: 1 of ")
        .hasMessageContaining("of which alone matrices are packed");
    assertThat(Checkpoints.list(dir)).containsExactly("source");
  }

  @Test
  void theLargestFiniteNumbersAreFinite() throws IOException {
    write(MATRIX, 0, Float.MAX_VALUE);
    write(MATRIX, 1, -Float.MAX_VALUE);
    write(VECTOR, 0, Float.MIN_VALUE);
    List<String> warnings =
        CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT)
            .warnings();
    assertThat(warnings).noneMatch(warning -> warning.contains("infinite"));
  }

  private void write(String tensor, long index, float value) throws IOException {
    SafetensorsFile.Tensor stored = SafetensorsFile.open(file).tensors().get(tensor);
    assertThat(stored.dtype()).isEqualTo(DType.F32);
    ByteBuffer bytes = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(0, value);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(bytes, stored.offset() + index * Float.BYTES);
    }
  }
}
