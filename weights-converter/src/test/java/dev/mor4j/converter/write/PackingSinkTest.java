package dev.mor4j.converter.write;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.converter.source.SourceTensor;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.packing.PanelPacker;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** However the numbers of a matrix arrive, and in whatever type, the panels are the same. */
class PackingSinkTest {
  private static final int ROWS = 37;
  private static final int COLS = 70;

  @ParameterizedTest
  @CsvSource({"F32, INT8", "F16, INT8", "BF16, INT8", "F32, INT4", "BF16, BF16", "F16, BF16"})
  void piecesOfAnySizeGiveTheSamePanels(DType type, Packing packing) throws IOException {
    Random random = new Random(40);
    float[] matrix = new float[ROWS * COLS];
    ByteBuffer source =
        ByteBuffer.allocate(matrix.length * type.byteSize()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < matrix.length; i++) {
      float x = (float) random.nextGaussian();
      switch (type) {
        case F32 -> {
          matrix[i] = x;
          source.putFloat(x);
        }
        case F16 -> {
          short bits = Float.floatToFloat16(x);
          matrix[i] = Float.float16ToFloat(bits);
          source.putShort(bits);
        }
        default -> {
          short bits = (short) (Float.floatToRawIntBits(x) >>> 16);
          matrix[i] = Float.intBitsToFloat(bits << 16);
          source.putShort(bits);
        }
      }
    }
    ByteArrayOutputStream found = new ByteArrayOutputStream();
    PackingSink sink = new PackingSink(Channels.newChannel(found), tensor(type), packing);
    source.flip();
    while (source.hasRemaining()) {
      int left = source.remaining() / type.byteSize();
      int length = Math.min(left, random.nextInt(3 * COLS)) * type.byteSize();
      ByteBuffer piece = source.slice(source.position(), length);
      assertThat(sink.write(piece)).isEqualTo(length);
      assertThat(piece.hasRemaining()).isFalse();
      source.position(source.position() + length);
    }
    assertThat(found.toByteArray()).isEqualTo(packed(packing, matrix));
  }

  private static byte[] packed(Packing packing, float[] matrix) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PanelPacker packer = PanelPacker.of(packing, COLS);
    for (int row = 0; row < ROWS; row += Packing.PANEL_ROWS) {
      int count = Math.min(Packing.PANEL_ROWS, ROWS - row);
      byte[] panel = new byte[(int) packing.panelBytes(COLS)];
      packer.pack(Arrays.copyOfRange(matrix, row * COLS, (row + count) * COLS), count).get(panel);
      bytes.writeBytes(panel);
    }
    return bytes.toByteArray();
  }

  private static SourceTensor tensor(DType type) {
    return new SourceTensor(
        Path.of("file"),
        "tensor",
        type,
        List.of((long) ROWS, (long) COLS),
        List.of((long) COLS, 1L),
        MemorySegment.NULL,
        0);
  }
}
