package dev.mor4j.runtime.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
  private static final String GOOD =
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";

  @TempDir Path dir;

  @Test
  void writesAlignedTensorsAndReadsThemBack() throws IOException {
    Path file = dir.resolve("model.safetensors");
    List<SafetensorsWriter.Entry> plan =
        List.of(
            new SafetensorsWriter.Entry("ragged", DType.F32, List.of(3L)),
            new SafetensorsWriter.Entry("line", DType.BF16, List.of(4L, 8L)),
            new SafetensorsWriter.Entry("scalar", DType.F32, List.of()),
            new SafetensorsWriter.Entry("empty", DType.F32, List.of(0L, 5L)));
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, plan, Map.of("k", "v"))) {
      for (SafetensorsWriter.Entry entry : plan.reversed()) {
        byte[] bytes = new byte[(int) entry.byteSize()];
        java.util.Arrays.fill(bytes, (byte) entry.name().charAt(0));
        writer.write(entry.name(), sink -> sink.write(ByteBuffer.wrap(bytes)));
      }
      writer.finish();
    }
    SafetensorsFile read = SafetensorsFile.open(file);
    assertThat(read.tensors().keySet())
        .containsExactlyInAnyOrder("ragged", "line", "scalar", "empty");
    assertThat(read.metadata()).containsExactly(Map.entry("k", "v"));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = read.map(arena);
      for (SafetensorsFile.Tensor tensor : read.tensors().values()) {
        assertThat(tensor.offset() % SafetensorsWriter.ALIGNMENT).as(tensor.name()).isZero();
        for (long i = 0; i < tensor.byteSize(); i++) {
          assertThat(bytes.get(ValueLayout.JAVA_BYTE, tensor.offset() + i))
              .isEqualTo((byte) tensor.name().charAt(0));
        }
      }
    }
  }

  @Test
  void refusesWrongNumberOfBytesAndUnwrittenTensors() throws IOException {
    List<SafetensorsWriter.Entry> plan =
        List.of(new SafetensorsWriter.Entry("a", DType.F32, List.of(2L)));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(dir.resolve("short"), plan, Map.of())) {
      assertThatThrownBy(() -> writer.write("a", sink -> sink.write(ByteBuffer.allocate(4))))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("tensor a was given 4 bytes, expected 8");
    }
    try (SafetensorsWriter writer = SafetensorsWriter.create(dir.resolve("long"), plan, Map.of())) {
      assertThatThrownBy(() -> writer.write("a", sink -> sink.write(ByteBuffer.allocate(9))))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("tensor a was given 9 bytes, expected 8");
    }
    try (SafetensorsWriter writer = SafetensorsWriter.create(dir.resolve("none"), plan, Map.of())) {
      assertThatThrownBy(writer::finish).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void namesTheFolderInPlaceOfAFile() {
    assertThatThrownBy(() -> SafetensorsFile.open(dir))
        .isInstanceOf(ModelFormatException.class)
        .hasMessage(dir + ": found a folder, expected a safetensors file");
  }

  @Test
  void readsHandMadeFile() throws IOException {
    SafetensorsFile file = SafetensorsFile.open(file(GOOD + "   ", 8));
    assertThat(file.tensors().get("a"))
        .isEqualTo(
            new SafetensorsFile.Tensor("a", DType.F32, List.of(2L), 8 + GOOD.length() + 3, 8));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[] | 0 | no JSON object",
        "{\"a\":1} | 0 | tensor a is 1, expected an object",
        "{\"a\":{\"dtype\":\"F8_E4M3\",\"shape\":[8],\"data_offsets\":[0,8]}} | 8 | tensor a.dtype is \"F8_E4M3\", expected one of",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}} | 8 | tensor a.shape is [-2]",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}} | 8 | tensor a.shape",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}} | 8 | product fits in 64 bits",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}} | 8 | expected 12 bytes",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 9 | where tensor a ends",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}} | 7 | within the 7 bytes of data",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}} | 8 | tensor a.data_offsets is [8, 0]",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}} | 8 | tensor a.data_offsets is [0]",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | 8 | a hole",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | 8 | an overlap",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}} | 8 | tensor a.x is 1, which is not a known setting",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}} | 8 | tensor a.data_offsets is missing",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"a\":{}} | 8 | Duplicate",
        "{\"__metadata__\":{\"a\":1}} | 0 | __metadata__.a is 1, expected a string",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}{} | 8 | more than one JSON value",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]} | 8 | not valid JSON",
      })
  void refusesHostileHeaders(String header, int data, String message) throws IOException {
    Path file = file(header, data);
    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(message);
  }

  @Test
  void refusesLyingHeaderLengths() throws IOException {
    for (long length : new long[] {0, 1, 1000, 1L << 40, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
      Path file = file(GOOD, 8);
      byte[] bytes = Files.readAllBytes(file);
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(0, length);
      Files.write(file, bytes);
      assertThatThrownBy(() -> SafetensorsFile.open(file))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContaining("header length is " + Long.toUnsignedString(length));
    }
  }

  @Test
  void refusesEveryTruncation() throws IOException {
    byte[] whole = Files.readAllBytes(file(GOOD, 8));
    for (int length = 0; length < whole.length; length++) {
      Path file = Files.write(dir.resolve("cut"), java.util.Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> SafetensorsFile.open(file))
          .as("%d bytes", length)
          .isInstanceOf(ModelFormatException.class);
    }
  }

  @Test
  void refusesDeepNestingAndBadUtf8() throws IOException {
    Path deep = file("{\"a\":" + "[".repeat(100_000), 0);
    assertThatThrownBy(() -> SafetensorsFile.open(deep)).isInstanceOf(ModelFormatException.class);
    Path bad = file(GOOD, 8);
    byte[] bytes = Files.readAllBytes(bad);
    bytes[10] = (byte) 0xff;
    Files.write(bad, bytes);
    assertThatThrownBy(() -> SafetensorsFile.open(bad))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("not valid UTF-8");
  }

  @Test
  void flippedBytesGiveFormatErrorsOnly() throws IOException {
    byte[] whole = Files.readAllBytes(file(GOOD, 8));
    Random random = new Random(7);
    for (int i = 0; i < 500; i++) {
      byte[] flipped = whole.clone();
      flipped[random.nextInt(8 + GOOD.length())] ^= (byte) (1 << random.nextInt(8));
      Path file = Files.write(dir.resolve("flipped"), flipped);
      try {
        SafetensorsFile.open(file);
      } catch (ModelFormatException e) {
        assertThat(e).hasMessageContaining(file.toString());
      }
    }
  }

  private Path file(String header, int data) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + data).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    return Files.write(dir.resolve("test.safetensors"), bytes.array());
  }
}
