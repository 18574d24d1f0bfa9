package dev.mor4j.converter.pickle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TorchArchiveTest {
  private static final long[] SIZE = {2, 3};
  private static final long[] STRIDE = {3, 1};

  @Test
  void readsStateDict() throws IOException {
    Map<String, TorchTensor> tensors = TestArchive.read(TestArchive.good().zip());
    assertThat(tensors).containsOnlyKeys("w");
    TorchTensor tensor = tensors.get("w");
    assertThat(tensor.dtype()).isEqualTo(DType.F32);
    assertThat(tensor.shape()).isEqualTo(List.of(2L, 3L));
    assertThat(tensor.storage().byteSize()).isEqualTo(24);
  }

  @Test
  void readsWrappedStateDictAndStackGlobal() throws IOException {
    TestArchive archive =
        new TestArchive().op("\u0080\u0004}").text("state_dict").op("}").text("w");
    archive.text("torch._utils").text("_rebuild_tensor_v2").op("\u0093((");
    archive
        .text("storage")
        .text("torch")
        .text("BFloat16Storage")
        .op("\u0093")
        .text("0")
        .text("cpu");
    archive.number(6).op("tQ").number(0).numbers(SIZE).numbers(STRIDE);
    archive.op("\u0089ccollections\nOrderedDict\n)RtR").op("ss.").storage("0", 12);
    assertThat(TestArchive.read(archive.zip()).get("w").dtype()).isEqualTo(DType.BF16);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cos\\nsystem\\n | the pickle names os.system, expected only",
        "cbuiltins\\neval\\n | the pickle names builtins.eval",
        "ctorch.serialization\\nload\\n | the pickle names torch.serialization.load",
        "X\\2\\0\\0\\0osX\\6\\0\\0\\0system\\x93 | the pickle names os.system",
        "ios\\nsystem\\n | opcode 0x69 at byte 2",
        "\\x82\\1 | opcode 0x82 at byte 2",
        "\\x81 | opcode 0x81 at byte 2",
        "S'x'\\n | opcode 0x53",
        "ctorch\\nFloatStorage\\n)R | torch.FloatStorage is called",
        "ccollections\\nOrderedDict\\nK\\1\\x85R | collections.OrderedDict is called with",
        "X\\1\\0\\0\\0a)R | the pickle calls a string",
        "K\\1Q | a persistent id is the value 1",
        "h\\5 | memo 5 is read",
        "Nr\\xff\\xff\\xff\\x7f | memo 2147483647 is written",
        "0 | takes a value",
        "t | to a mark",
        "\\x87 | takes 3 values",
        "Ns | takes 2 values",
        "NK\\1K\\2s | items are set in None",
        "(N}u | the pickle takes a value",
        "}(Nu | a key with no value",
        "}NNs | a dict's key is None",
        "}(K\\1NK\\1Nu | the key 1 twice",
        "Na | takes a value",
        "}Na | appended to a dict",
        "}}b | a state is given to a dict",
        "ccollections\\nOrderedDict\\n)R}b | an OrderedDict is given a dict of 0",
        "X\\xff\\xff\\xff\\xff | expected 4294967295 more bytes",
        "X\\1\\0\\0\\0\\xff | not valid UTF-8",
        "\\x8a\\x20 | a whole number has 32 bytes",
        "\\x80\\5 | pickle protocol is 5",
        "\\x95\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x7f | a frame claims",
        "NN. | leaves 1 values behind",
        "N. | the file holds None, expected a state dict",
        "}X\\1\\0\\0\\0aNs. | tensor a of the state dict is None",
        "}K\\1Ns. | has the key 1, expected a string",
        "c | expected 1 more bytes",
      })
  void refusesPickles(String opcodes, String message) {
    TestArchive archive = new TestArchive().op("\u0080\u0002").op(unescape(opcodes));
    assertRefused(archive, message);
  }

  @Test
  void refusesValuesThatContainThemselves() {
    assertRefused(new TestArchive().op("\u0080\u0002]q\u0000h\u0000a."), "a list of 1");
    assertRefused(
        new TestArchive().op("\u0080\u0002}q\u0000").text("model").op("h\u0000s."),
        "tensor model of the state dict is a dict of 1");
  }

  @Test
  void refusesEndlessPickle() {
    TestArchive archive = new TestArchive().op("\u0080\u0002").op("]".repeat(3_000_000));
    assertRefused(archive, "more than 2000000 opcodes");
  }

  /** A stride of 0 makes terabytes of a few bytes. */
  @Test
  void refusesTensorsOfMoreElementsThanTheirStorage() {
    assertRefused(
        tensor(6, 0, new long[] {1L << 24, 1L << 17}, new long[] {0, 0}),
        "size [16777216, 131072] has more elements than the 6 of its storage");
    assertRefused(tensor(6, 0, new long[] {7, 1}, new long[] {0, 1}), "more elements than the 6");
  }

  @Test
  void refusesTensorsThatReachOutOfTheirStorage() {
    assertRefused(tensor(6, 1, SIZE, STRIDE), "reach past the 6 elements");
    assertRefused(tensor(6, 0, SIZE, new long[] {4, 1}), "reach past the 6 elements");
    assertRefused(tensor(6, 0, new long[] {2, 4}, new long[] {3, 1}), "reach past the 6");
    assertRefused(tensor(6, 7, new long[] {0, 3}, STRIDE), "reach past the 6");
    assertRefused(
        tensor(6, 0, new long[] {1L << 40, 1L << 40}, new long[] {0, 0}), "reach past the 6");
    assertRefused(
        tensor(6, 0, SIZE, new long[] {Long.MAX_VALUE, Long.MAX_VALUE}), "reach past the 6");
    assertRefused(tensor(6, Long.MAX_VALUE, SIZE, STRIDE), "reach past the 6");
    assertRefused(tensor(6, -1, SIZE, STRIDE), "which torch.save does not write");
    assertRefused(tensor(6, 0, new long[] {-2, -3}, STRIDE), "whole numbers of at least 0");
    assertRefused(tensor(6, 0, SIZE, new long[] {3, -1}), "whole numbers of at least 0");
    assertRefused(tensor(6, 0, SIZE, new long[] {3}), "which torch.save does not write");
    assertRefused(tensor(6, 0, new long[17], new long[17]), "expected a tuple of at most 16");
    assertRefused(tensor(7, 0, SIZE, STRIDE), "has 24 bytes, expected 7 × 4");
    assertRefused(tensor(Long.MAX_VALUE, 0, SIZE, STRIDE), "has 24 bytes");
    TestArchive missing = tensor(6, 0, SIZE, STRIDE);
    missing.entries.clear();
    assertRefused(missing, "no entry model/data/0 for its storage");
    TestArchive twice =
        new TestArchive()
            .op("\u0080\u0002}(")
            .text("a")
            .tensor("FloatStorage", "0", 6, 0, SIZE, STRIDE)
            .text("b")
            .tensor("HalfStorage", "0", 12, 0, SIZE, STRIDE)
            .op("u.")
            .storage("0", 24);
    assertRefused(twice, "storage 0 is 12 × F16, and elsewhere 6 × F32");
  }

  @Test
  void refusesForeignByteOrderAndLegacyFiles() {
    TestArchive big = TestArchive.good();
    big.entries.put("model/byteorder", "big".getBytes(StandardCharsets.US_ASCII));
    assertRefused(big, "byteorder is \"big\"");
    assertThatThrownBy(() -> TestArchive.read(new byte[] {(byte) 0x80, 2, (byte) 0x8a, 10, 1}))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("PyTorch before 1.6");
  }

  @Test
  void refusesZipBombs() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("model/data.pkl", new byte[10_000_000]);
    byte[] bomb = TestArchive.zip(entries, ZipEntry.DEFLATED);
    assertThatThrownBy(() -> TestArchive.read(bomb))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("zip entry model/data.pkl is compressed");
  }

  @Test
  void refusesDuplicateAndOverlappingEntries() throws IOException {
    TestArchive archive = TestArchive.good().storage("1", 24);
    byte[] twice = replace(archive.zip(), "model/data/1", "model/data/0");
    assertThatThrownBy(() -> TestArchive.read(twice))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("zip entry model/data/0 is there twice");
    byte[] lying = archive.zip();
    int central = lastIndexOf(lying, "model/data/1") - 46;
    int first = lastIndexOf(lying, "model/data/0") - 46;
    System.arraycopy(lying, first + 42, lying, central + 42, 4);
    byte[] renamed = replace(lying, "model/data/1", "model/data/0");
    assertThatThrownBy(() -> TestArchive.read(renamed)).isInstanceOf(ModelFormatException.class);
    assertThatThrownBy(() -> TestArchive.read(lying))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("is called model/data/0 in its local header");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void refusesNoOrTwoPickles(int count) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    for (int i = 0; i < count; i++) {
      entries.put(i + "/data.pkl", TestArchive.good().pickle());
    }
    entries.put("x/y/data.pkl", new byte[1]);
    assertThatThrownBy(() -> TestArchive.read(TestArchive.zip(entries, ZipEntry.STORED)))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("has " + count + " entries {name}/data.pkl");
  }

  @Test
  void refusesEveryTruncation() throws IOException {
    byte[] whole = TestArchive.good().zip();
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> TestArchive.read(cut))
          .as("%d bytes", length)
          .isInstanceOf(ModelFormatException.class);
    }
    byte[] pickle = TestArchive.good().pickle();
    for (int length = 0; length < pickle.length; length++) {
      TestArchive cut = new TestArchive().storage("0", 24);
      cut.op(new String(pickle, 0, length, StandardCharsets.ISO_8859_1));
      assertThatThrownBy(() -> TestArchive.read(cut.zip()))
          .as("%d bytes of pickle", length)
          .isInstanceOf(ModelFormatException.class);
    }
  }

  @Test
  void flippedBytesGiveFormatErrorsOnly() throws IOException {
    byte[] whole = TestArchive.good().zip();
    Random random = new Random(11);
    for (int i = 0; i < 5000; i++) {
      byte[] flipped = whole.clone();
      for (int flips = random.nextInt(3); flips >= 0; flips--) {
        flipped[random.nextInt(flipped.length)] = (byte) random.nextInt(256);
      }
      try {
        TestArchive.read(flipped);
      } catch (ModelFormatException e) {
        assertThat(e).hasMessageContaining("test.bin");
      }
    }
  }

  private static TestArchive tensor(long elements, long offset, long[] size, long[] stride) {
    return new TestArchive()
        .op("\u0080\u0002}")
        .text("w")
        .tensor("FloatStorage", "0", elements, offset, size, stride)
        .op("s.")
        .storage("0", 24);
  }

  private static void assertRefused(TestArchive archive, String message) {
    assertThatThrownBy(() -> TestArchive.read(archive.zip()))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("test.bin")
        .hasMessageContaining(message);
  }

  /** Turns \n, \x93 and \5 into characters. */
  private static String unescape(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '\\') {
        out.append(c);
      } else if (text.charAt(i + 1) == 'n') {
        out.append('\n');
        i++;
      } else if (text.charAt(i + 1) == 'x') {
        out.append((char) Integer.parseInt(text.substring(i + 2, i + 4), 16));
        i += 3;
      } else {
        out.append((char) (text.charAt(i + 1) - '0'));
        i++;
      }
    }
    return out.toString();
  }

  private static byte[] replace(byte[] bytes, String from, String to) {
    return new String(bytes, StandardCharsets.ISO_8859_1)
        .replace(from, to)
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  private static int lastIndexOf(byte[] bytes, String text) {
    return new String(bytes, StandardCharsets.ISO_8859_1).lastIndexOf(text);
  }
}
