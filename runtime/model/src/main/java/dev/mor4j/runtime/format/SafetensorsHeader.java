package dev.mor4j.runtime.format;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.mor4j.runtime.format.SafetensorsFile.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the header of a safetensors file says, checked against the file.
 *
 * @param tensors in the order of their data, fillers included
 */
record SafetensorsHeader(List<Tensor> tensors, Map<String, String> metadata) {
  private static final long MAX_HEADER = 100_000_000;
  private static final int MAX_TENSORS = 200_000;
  private static final int MAX_DIMENSIONS = 16;

  /** Reads the header from the start of {@code channel}, by streaming. */
  static SafetensorsHeader read(Path path, FileChannel channel) throws IOException {
    long size = channel.size();
    ByteBuffer prefix = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    while (prefix.hasRemaining() && channel.read(prefix, prefix.position()) >= 0) {}
    if (prefix.hasRemaining()) {
      throw new ModelFormatException(
          path,
          "the file has "
              + size
              + " bytes, expected at least the 8 of a safetensors header length");
    }
    long length = prefix.getLong(0);
    long most = Math.min(MAX_HEADER, size - 8);
    if (length < 2 || length > most) {
      throw new ModelFormatException(
          path,
          "header length is "
              + Long.toUnsignedString(length)
              + ", expected from 2 to "
              + most
              + " (the file has "
              + size
              + " bytes)");
    }
    channel.position(8);
    // The channel is the caller's: closing the parser must not close it, and nothing else is held.
    InputStream header = new BoundedInput(Channels.newInputStream(channel), length);
    try (JsonParser parser = StrictJson.parser(header)) {
      SafetensorsHeader read = parse(path, parser, 8 + length, size);
      read.checkLayout(path, 8 + length, size);
      return read;
    } catch (IOException e) {
      throw StrictJson.invalid(path, "the header", e);
    }
  }

  private static SafetensorsHeader parse(Path path, JsonParser parser, long dataStart, long size)
      throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new ModelFormatException(path, "the header holds no JSON object, expected one");
    }
    List<Tensor> tensors = new ArrayList<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      if (name.equals("__metadata__")) {
        metadata.putAll(metadata(path, StrictJson.value(parser, 10_000)));
        continue;
      }
      if (tensors.size() == MAX_TENSORS) {
        throw new ModelFormatException(
            path, "the header lists more than " + MAX_TENSORS + " tensors");
      }
      Object value = StrictJson.value(parser, MAX_DIMENSIONS + 8L);
      Settings entry = new Settings(path, Map.of("tensor " + name, value == null ? "null" : value));
      tensors.add(tensor(name, entry.object("tensor " + name), dataStart, size));
    }
    if (parser.nextToken() != null) {
      throw new ModelFormatException(path, "the header holds more than one JSON value");
    }
    tensors.sort(Comparator.comparingLong(Tensor::offset).thenComparingLong(Tensor::byteSize));
    return new SafetensorsHeader(tensors, metadata);
  }

  private static Map<String, String> metadata(Path path, Object value) throws ModelFormatException {
    Map<String, String> texts = new LinkedHashMap<>();
    if (!(value instanceof Map<?, ?> map)) {
      throw new ModelFormatException(
          path, "__metadata__ is not an object, expected one of strings");
    }
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!(entry.getKey() instanceof String key && entry.getValue() instanceof String text)) {
        throw new ModelFormatException(
            path,
            "__metadata__." + entry.getKey() + " is " + entry.getValue() + ", expected a string");
      }
      texts.put(key, text);
    }
    return texts;
  }

  private static Tensor tensor(String name, Settings entry, long dataStart, long size)
      throws ModelFormatException {
    String typeName = entry.text("dtype");
    DType dtype =
        DType.find(typeName)
            .orElseThrow(() -> entry.wrong("dtype", "one of " + List.of(DType.values())));
    List<Long> shape = wholeNumbers(entry, "shape");
    List<Long> offsets = wholeNumbers(entry, "data_offsets");
    entry.finish();
    long byteSize;
    try {
      byteSize = dtype.byteSize();
      for (long dimension : shape) {
        byteSize = Math.multiplyExact(byteSize, dimension);
      }
    } catch (ArithmeticException e) {
      throw entry.wrong("shape", "sizes whose product fits in 64 bits");
    }
    long data = size - dataStart;
    if (offsets.size() != 2 || offsets.get(0) > offsets.get(1) || offsets.get(1) > data) {
      throw entry.wrong(
          "data_offsets", "[begin, end] within the " + data + " bytes of data in the file");
    }
    if (offsets.get(1) - offsets.get(0) != byteSize) {
      throw entry.wrong(
          "data_offsets", byteSize + " bytes, as dtype " + dtype + " and shape " + shape + " need");
    }
    return new Tensor(name, dtype, shape, dataStart + offsets.get(0), byteSize);
  }

  private static List<Long> wholeNumbers(Settings entry, String key) throws ModelFormatException {
    List<Long> numbers = new ArrayList<>();
    for (Object value : entry.list(key)) {
      if (!(value instanceof Long number && number >= 0)) {
        throw entry.wrong(key, "whole numbers of at least 0 and at most 63 bits");
      }
      numbers.add(number);
    }
    return numbers;
  }

  private void checkLayout(Path path, long dataStart, long size) throws ModelFormatException {
    long end = dataStart;
    String before = "the header";
    for (Tensor tensor : tensors) {
      if (tensor.offset() != end) {
        throw new ModelFormatException(
            path,
            "tensor "
                + tensor.name()
                + " begins at byte "
                + (tensor.offset() - dataStart)
                + " of the data, expected "
                + (end - dataStart)
                + ", where "
                + before
                + " ends ("
                + (tensor.offset() < end ? "an overlap" : "a hole")
                + ")");
      }
      end += tensor.byteSize();
      before = "tensor " + tensor.name();
    }
    if (end != size) {
      throw new ModelFormatException(
          path, "the file has " + size + " bytes, expected " + end + ", where " + before + " ends");
    }
  }
}
