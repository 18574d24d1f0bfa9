package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.converter.pickle.TestArchive;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.SafetensorsFile;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ways in which {@code torch.save} can lay out the same tensors: transposed, as rows of a wider
 * storage, within a longer storage, and over several files.
 */
class TorchLayoutTest {
  private static final String INDEX = "pytorch_model.bin.index.json";

  /** How a tensor lies in its storage. */
  private enum Layout {
    PLAIN,
    TRANSPOSED,
    ROWS_OF_WIDER,
    SLICE
  }

  @TempDir Path dir;
  private Path source;

  /** The weights of a Llama model, as two PyTorch files with an index. */
  @BeforeEach
  void writeShards() throws IOException {
    source = Checkpoints.copy("hf-llama", dir.resolve("source"));
    Path file = source.resolve("model.safetensors");
    SafetensorsFile weights = SafetensorsFile.open(file);
    List<SafetensorsFile.Tensor> tensors = new ArrayList<>(weights.tensors().values());
    StringBuilder index = new StringBuilder("{\"metadata\": {}, \"weight_map\": {");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = weights.map(arena);
      for (int shard = 0; shard < 2; shard++) {
        String name = "pytorch_model-0000" + (shard + 1) + "-of-00002.bin";
        TestArchive archive = new TestArchive().op("\u0080\u0002}(");
        for (int i = shard; i < tensors.size(); i += 2) {
          add(archive, tensors.get(i), bytes, Layout.values()[(i / 2) % Layout.values().length]);
          index.append(i == 0 ? "" : ", ").append('"').append(tensors.get(i).name());
          index.append("\": \"").append(name).append('"');
        }
        Files.write(source.resolve(name), archive.op("u.").zip());
      }
    }
    Files.writeString(source.resolve(INDEX), index.append("}}"));
    Files.delete(file);
  }

  @Test
  void everyLayoutGivesTheSameModel() throws IOException {
    CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT);
    CheckpointConverter.convert(
        Checkpoints.golden("hf-llama"), dir.resolve("plain"), ConversionOptions.DEFAULT);
    for (String name : List.of("config.json", "model.safetensors")) {
      assertThat(dir.resolve("out").resolve(name))
          .hasSameBinaryContentAs(dir.resolve("plain").resolve(name));
    }
  }

  @Test
  void refusesShardThatIsMissingOrRepeated() throws IOException {
    Path second = source.resolve("pytorch_model-00002-of-00002.bin");
    Files.delete(second);
    assertRefused(second + ": the file is missing");
    Files.copy(source.resolve("pytorch_model-00001-of-00002.bin"), second);
    assertRefused("are in another file of the checkpoint too");
  }

  @Test
  void refusesIndexThatLeadsOutOfTheFolder() throws IOException {
    for (String name : List.of("../x.bin", "/etc/passwd", "..", "a/x.bin", ".bin", "x.bin\\n")) {
      String text = Files.readString(source.resolve(INDEX));
      Checkpoints.edit(source.resolve(INDEX), "pytorch_model-00002-of-00002.bin", name);
      assertRefused("the plain name of a .safetensors or .bin file");
      Files.writeString(source.resolve(INDEX), text);
    }
  }

  private static void add(
      TestArchive archive, SafetensorsFile.Tensor tensor, MemorySegment file, Layout wish) {
    long rows = tensor.shape().getFirst();
    boolean matrix = tensor.shape().size() == 2;
    long cols = matrix ? tensor.shape().get(1) : 1;
    Layout layout = matrix ? wish : wish == Layout.PLAIN ? Layout.PLAIN : Layout.SLICE;
    long offset = layout == Layout.PLAIN || layout == Layout.TRANSPOSED ? 0 : 3;
    long rowStride =
        switch (layout) {
          case PLAIN, SLICE -> cols;
          case TRANSPOSED -> 1;
          case ROWS_OF_WIDER -> cols + 5;
        };
    long colStride = layout == Layout.TRANSPOSED ? rows : 1;
    long elements = rows * cols + (layout == Layout.ROWS_OF_WIDER ? 5 * rows : 0) + 2 * offset;
    byte[] storage = new byte[Math.toIntExact(4 * elements)];
    for (long i = 0; i < rows * cols; i++) {
      long at = offset + i / cols * rowStride + i % cols * colStride;
      MemorySegment.ofArray(storage)
          .set(
              ValueLayout.JAVA_INT_UNALIGNED,
              4 * at,
              file.get(ValueLayout.JAVA_INT_UNALIGNED, tensor.offset() + 4 * i));
    }
    archive
        .text(tensor.name())
        .tensor(
            "FloatStorage",
            tensor.name(),
            elements,
            offset,
            matrix ? new long[] {rows, cols} : new long[] {rows},
            matrix ? new long[] {rowStride, colStride} : new long[] {1})
        .storage(tensor.name(), storage);
  }

  private void assertRefused(String message) throws IOException {
    assertThatThrownBy(
            () ->
                CheckpointConverter.convert(source, dir.resolve("out"), ConversionOptions.DEFAULT))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(message);
    assertThat(Checkpoints.list(dir)).containsExactly("source");
  }
}
