package dev.mor4j.converter.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A GGUF file read whole, naively, by the format's description alone. */
record GgufReader(Map<String, Object> metadata, Map<String, Tensor> tensors, ByteBuffer bytes) {
  /**
   * A tensor.
   *
   * @param sizes columns first
   * @param at its first byte in the file
   */
  record Tensor(List<Long> sizes, int type, int at) {
    int elements() {
      return sizes.stream().mapToInt(Long::intValue).reduce(1, (a, b) -> a * b);
    }
  }

  static GgufReader read(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (in.getInt() != 0x46554747 || in.getInt() != 3) {
      throw new IOException("no GGUF 3");
    }
    long tensors = in.getLong();
    long pairs = in.getLong();
    Map<String, Object> metadata = new LinkedHashMap<>();
    for (long i = 0; i < pairs; i++) {
      String key = text(in);
      metadata.put(key, value(in, in.getInt()));
    }
    record Info(String name, List<Long> sizes, int type, long offset) {}
    List<Info> infos = new ArrayList<>();
    for (long i = 0; i < tensors; i++) {
      String name = text(in);
      List<Long> sizes = new ArrayList<>();
      for (int dimensions = in.getInt(); dimensions > 0; dimensions--) {
        sizes.add(in.getLong());
      }
      infos.add(new Info(name, sizes, in.getInt(), in.getLong()));
    }
    int data = (in.position() + 31) / 32 * 32;
    Map<String, Tensor> named = new LinkedHashMap<>();
    for (Info info : infos) {
      named.put(
          info.name(),
          new Tensor(info.sizes(), info.type(), Math.toIntExact(data + info.offset())));
    }
    return new GgufReader(metadata, named, in);
  }

  /** The numbers of a tensor, in the order of the file. */
  float[] values(String name) {
    Tensor tensor = tensors.get(name);
    float[] values = new float[tensor.elements()];
    ByteBuffer in = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).position(tensor.at());
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (tensor.type()) {
            case 0 -> in.getFloat();
            case 1 -> Float.float16ToFloat(in.getShort());
            case 30 -> Float.intBitsToFloat(in.getShort() << 16);
            case 8 -> {
              int block = tensor.at() + i / 32 * 34;
              yield Float.float16ToFloat(in.getShort(block)) * in.get(block + 2 + i % 32);
            }
            default -> throw new IllegalStateException("type " + tensor.type());
          };
    }
    return values;
  }

  private static String text(ByteBuffer in) {
    byte[] utf8 = new byte[Math.toIntExact(in.getLong())];
    in.get(utf8);
    return new String(utf8, StandardCharsets.UTF_8);
  }

  private static Object value(ByteBuffer in, int type) {
    return switch (type) {
      case 4, 5 -> in.getInt();
      case 6 -> in.getFloat();
      case 7 -> in.get() == 1;
      case 8 -> text(in);
      case 9 -> {
        int element = in.getInt();
        List<Object> list = new ArrayList<>();
        for (long left = in.getLong(); left > 0; left--) {
          list.add(value(in, element));
        }
        yield list;
      }
      default -> throw new IllegalStateException("type " + type);
    };
  }
}
