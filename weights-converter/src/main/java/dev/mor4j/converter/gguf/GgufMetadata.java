package dev.mor4j.converter.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The keys and values of a GGUF file, in the order in which they were put.
 *
 * <pre>
 *   text: | length, u64 | UTF-8 |
 *   pair: | key, text | type, u32 | value |
 *   list: | type of elements, u32 | count, u64 | elements |
 * </pre>
 */
final class GgufMetadata {
  private static final int UINT32 = 4;
  private static final int INT32 = 5;
  private static final int FLOAT32 = 6;
  private static final int BOOL = 7;
  private static final int TEXT = 8;
  private static final int LIST = 9;

  private final Set<String> keys = new TreeSet<>();
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  void putUint32(String key, int value) {
    begin(key, UINT32);
    writeInt(bytes, value);
  }

  void putFloat32(String key, float value) {
    begin(key, FLOAT32);
    writeInt(bytes, Float.floatToRawIntBits(value));
  }

  void putBool(String key, boolean value) {
    begin(key, BOOL);
    bytes.write(value ? 1 : 0);
  }

  void putText(String key, String value) {
    begin(key, TEXT);
    writeText(bytes, value);
  }

  void putTexts(String key, List<String> values) {
    begin(key, LIST);
    writeInt(bytes, TEXT);
    writeLong(bytes, values.size());
    values.forEach(value -> writeText(bytes, value));
  }

  void putInt32s(String key, int[] values) {
    begin(key, LIST);
    writeInt(bytes, INT32);
    writeLong(bytes, values.length);
    for (int value : values) {
      writeInt(bytes, value);
    }
  }

  int count() {
    return keys.size();
  }

  void writeTo(ByteArrayOutputStream out) {
    out.writeBytes(bytes.toByteArray());
  }

  private void begin(String key, int type) {
    if (!keys.add(key)) {
      throw new IllegalArgumentException("key " + key + " is put twice");
    }
    writeText(bytes, key);
    writeInt(bytes, type);
  }

  static void writeText(ByteArrayOutputStream out, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    writeLong(out, utf8.length);
    out.writeBytes(utf8);
  }

  static void writeInt(ByteArrayOutputStream out, int value) {
    for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
      out.write(value >>> shift);
    }
  }

  static void writeLong(ByteArrayOutputStream out, long value) {
    writeInt(out, (int) value);
    writeInt(out, (int) (value >>> Integer.SIZE));
  }
}
