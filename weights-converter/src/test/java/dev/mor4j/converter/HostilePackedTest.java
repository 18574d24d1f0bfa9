package dev.mor4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.ModelOptions;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.SafetensorsWriter;
import dev.mor4j.runtime.packing.Packing;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packed models that are damaged or lie: refused with what is wrong, or computed as garbage. */
class HostilePackedTest {
  /** H 32, F 88, one head of 8 for keys. */
  private static final String GOLDEN = "expert-n3";

  private static final ModelOptions JAVA = ModelOptions.defaults().withKernels(KernelChoice.JAVA);

  @TempDir Path dir;
  private Path model;
  private Path file;

  @BeforeEach
  void convert() throws IOException {
    model = dir.resolve("model");
    file = model.resolve("model.safetensors");
    CheckpointConverter.convert(
        Checkpoints.golden(GOLDEN),
        model,
        ConversionOptions.DEFAULT.withQuantization(Quantization.of(Packing.INT8)));
    MorModel.open(model, JAVA).close();
  }

  @Test
  void sizesThatAreNotThoseOfAPacking() throws IOException {
    rewrite(entry -> named(entry, "layers.0.up.weight", DType.U8, 6L, 17L * 64 - 1));
    refused(
        "tensor layers.0.up.weight is U8 [6, 1087], expected F32 or BF16 [88, 32], or packed U8"
            + " [6, 2048] (bf16), [6, 1088] (int8), [6, 576] (int4)");
    convertAgain();
    rewrite(entry -> named(entry, "layers.0.up.weight", DType.U8, 5L, 17L * 64));
    refused("tensor layers.0.up.weight is U8 [5, 1088], expected F32 or BF16 [88, 32], or packed");
    convertAgain();
    rewrite(entry -> named(entry, "layers.0.up.weight", DType.U8, 6L * 17 * 64));
    refused("tensor layers.0.up.weight is U8 [6528], expected");
    convertAgain();
    rewrite(entry -> named(entry, "layers.0.up.weight", DType.U8, 88L, 32L));
    refused("tensor layers.0.up.weight is U8 [88, 32], expected");
    convertAgain();
    rewrite(entry -> named(entry, "layers.0.up.weight", DType.F32, 6L, 17L * 64));
    refused("tensor layers.0.up.weight is F32 [6, 1088], expected");
  }

  @Test
  void normsAndRoutersAreNeverPacked() throws IOException {
    rewrite(entry -> named(entry, "norm.weight", DType.U8, 1L, 17L * 64));
    refused("tensor norm.weight is U8 [1, 1088], expected F32 or BF16 [32]");
    convertAgain();
    rewrite(entry -> named(entry, "routers.0.w1.weight", DType.U8, 1L, 17L * 64));
    refused("tensor routers.0.w1.weight is U8 [1, 1088], expected F32 or BF16 [1, 32]");
  }

  @Test
  void matricesThatReadOneEncodedRowArePackedAlike() throws IOException {
    rewrite(entry -> named(entry, "layers.0.k.weight", DType.U8, 1L, 9L * 64));
    refused(
        "tensor layers.0.k.weight is INT4, expected INT8 as layers.0.q.weight: q, k, v of a layer");
    convertAgain();
    rewrite(entry -> named(entry, "layers.7.up.weight", DType.F32, 88L, 32L));
    refused("tensor layers.7.up.weight is F32, expected INT8 as layers.7.gate.weight: gate, up of");
  }

  /** Not packed: they read float32, whatever they are stored in. */
  @Test
  void rowMajorMatricesMayDiffer() throws IOException {
    rewrite(
        entry ->
            switch (entry.name()) {
              case "layers.0.q.weight" ->
                  new SafetensorsWriter.Entry(entry.name(), DType.F32, List.of(32L, 32L));
              case "layers.0.k.weight", "layers.0.v.weight" ->
                  new SafetensorsWriter.Entry(entry.name(), DType.BF16, List.of(16L, 32L));
              default -> entry;
            });
    for (KernelChoice kernels : MorModel.runnableKernels()) {
      try (MorModel opened = MorModel.open(model, ModelOptions.defaults().withKernels(kernels))) {
        int[] depths =
            opened.score(
                new int[] {1, 2, 3},
                RoutingMode.TOP_K,
                SessionOptions.defaults(),
                (first, count, logits) -> assertThat(logits[0]).isZero());
        assertThat(depths).hasSize(3);
      }
    }
  }

  @Test
  void truncatedAndMovedData() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    for (int length : new int[] {whole.length - 1, whole.length / 2, 100, 7}) {
      Files.write(file, Arrays.copyOf(whole, length));
      refused(file.toString());
    }
    // Eight spaces after the header: the same tensors, eight bytes further on.
    ByteBuffer from = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) from.getLong(0);
    ByteBuffer moved = ByteBuffer.allocate(whole.length + 8).order(ByteOrder.LITTLE_ENDIAN);
    moved
        .putLong(header + 8)
        .put(whole, 8, header)
        .put("        ".getBytes(StandardCharsets.UTF_8));
    moved.put(whole, 8 + header, whole.length - 8 - header);
    Files.write(file, moved.array());
    refused("begins at byte");
    refused("expected a multiple of 64");
  }

  /** Garbage in, garbage out: no bytes of the panels may do more harm than that. */
  @Test
  void anyBytesInPanelsAreComputed() throws IOException {
    for (int value : new int[] {0xFF, 0x7F, 0x80, 0x00}) {
      for (SafetensorsFile.Tensor tensor : SafetensorsFile.open(file).tensors().values()) {
        if (tensor.dtype() == DType.U8) {
          byte[] bytes = new byte[(int) tensor.byteSize()];
          Arrays.fill(bytes, (byte) value);
          try (RandomAccessFile weights = new RandomAccessFile(file.toFile(), "rw")) {
            weights.seek(tensor.offset());
            weights.write(bytes);
          }
        }
      }
      for (KernelChoice kernels : MorModel.runnableKernels()) {
        try (MorModel opened = MorModel.open(model, ModelOptions.defaults().withKernels(kernels))) {
          for (RoutingMode mode : RoutingMode.values()) {
            scoreGarbage(opened, mode, value == 0xFF);
          }
        }
      }
    }
  }

  private static void scoreGarbage(MorModel model, RoutingMode mode, boolean nan) {
    int[] depths =
        model.score(
            new int[] {1, 2, 3, 4, 5},
            mode,
            SessionOptions.defaults(),
            (first, count, logits) -> {
              if (nan) {
                assertThat(logits[0]).isNaN();
              }
            });
    assertThat(depths).hasSize(5);
  }

  private void refused(String message) {
    assertThatThrownBy(() -> MorModel.open(model, JAVA))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(message);
    assertThatThrownBy(() -> CheckpointInspection.inspect(model))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(message);
  }

  private void convertAgain() throws IOException {
    for (String name : Checkpoints.list(model)) {
      Files.delete(model.resolve(name));
    }
    Files.delete(model);
    convert();
  }

  private static SafetensorsWriter.Entry named(
      SafetensorsWriter.Entry entry, String name, DType dtype, Long... shape) {
    return entry.name().equals(name)
        ? new SafetensorsWriter.Entry(name, dtype, List.of(shape))
        : entry;
  }

  /** Writes the weights again with other types or shapes, and zeros for data. */
  private void rewrite(UnaryOperator<SafetensorsWriter.Entry> change) throws IOException {
    Map<String, SafetensorsWriter.Entry> changed = new LinkedHashMap<>();
    for (SafetensorsFile.Tensor tensor : SafetensorsFile.open(file).tensors().values()) {
      changed.put(
          tensor.name(),
          change.apply(new SafetensorsWriter.Entry(tensor.name(), tensor.dtype(), tensor.shape())));
    }
    Files.delete(file);
    List<SafetensorsWriter.Entry> plan = new ArrayList<>(changed.values());
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, plan, Map.of())) {
      for (SafetensorsWriter.Entry entry : plan) {
        writer.write(entry.name(), sink -> sink.write(ByteBuffer.allocate((int) entry.byteSize())));
      }
      writer.finish();
    }
  }
}
