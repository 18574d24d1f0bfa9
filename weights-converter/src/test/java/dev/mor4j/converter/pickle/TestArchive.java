package dev.mor4j.converter.pickle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Builds pickles opcode by opcode, and archives around them. */
public final class TestArchive {
  private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();
  final Map<String, byte[]> entries = new LinkedHashMap<>();

  /** Raw opcodes, one byte a char. */
  public TestArchive op(String opcodes) {
    pickle.writeBytes(opcodes.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  public TestArchive text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return op("X").bytes(4, bytes.length).op(text);
  }

  /** LONG1 of eight bytes. */
  TestArchive number(long value) {
    return op("\u008a").op("\u0008").bytes(8, value);
  }

  TestArchive bytes(int count, long value) {
    byte[] bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    pickle.write(bytes, 0, count);
    return this;
  }

  TestArchive numbers(long... values) {
    op("(");
    for (long value : values) {
      number(value);
    }
    return op("t");
  }

  /** torch._utils._rebuild_tensor_v2 of a storage. */
  public TestArchive tensor(
      String type, String key, long elements, long offset, long[] size, long[] stride) {
    op("ctorch._utils\n_rebuild_tensor_v2\n((");
    text("storage").op("ctorch\n" + type + "\n").text(key).text("cpu").number(elements).op("tQ");
    number(offset).numbers(size).numbers(stride);
    return op("\u0089ccollections\nOrderedDict\n)RtR");
  }

  /** A state dict with the one tensor "w", a [2, 3] of float32 in storage 0. */
  static TestArchive good() {
    return new TestArchive()
        .op("\u0080\u0002}")
        .text("w")
        .tensor("FloatStorage", "0", 6, 0, new long[] {2, 3}, new long[] {3, 1})
        .op("s.")
        .storage("0", 24);
  }

  /** A storage with the content {@code bytes}. */
  public TestArchive storage(String key, byte[] bytes) {
    entries.put("model/data/" + key, bytes);
    return this;
  }

  TestArchive storage(String key, int size) {
    byte[] bytes = new byte[size];
    for (int i = 0; i < size; i++) {
      bytes[i] = (byte) i;
    }
    entries.put("model/data/" + key, bytes);
    return this;
  }

  byte[] pickle() {
    return pickle.toByteArray();
  }

  public byte[] zip() throws IOException {
    Map<String, byte[]> all = new LinkedHashMap<>();
    all.put("model/data.pkl", pickle());
    all.putAll(entries);
    return zip(all, ZipEntry.STORED);
  }

  static byte[] zip(Map<String, byte[]> entries, int method) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        ZipEntry header = new ZipEntry(entry.getKey());
        header.setMethod(method);
        if (method == ZipEntry.STORED) {
          CRC32 crc = new CRC32();
          crc.update(entry.getValue());
          header.setCrc(crc.getValue());
          header.setSize(entry.getValue().length);
        }
        zip.putNextEntry(header);
        zip.write(entry.getValue());
      }
    }
    return bytes.toByteArray();
  }

  static Map<String, TorchTensor> read(byte[] file) throws IOException {
    return TorchArchive.read(Path.of("test.bin"), MemorySegment.ofArray(file));
  }
}
