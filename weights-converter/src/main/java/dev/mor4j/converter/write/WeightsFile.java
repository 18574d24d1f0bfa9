package dev.mor4j.converter.write;

import dev.mor4j.converter.source.SourceTensor;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.SafetensorsWriter;
import dev.mor4j.runtime.format.TensorNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/** Writes {@code model.safetensors} of a converted model. */
public final class WeightsFile {
  private WeightsFile() {}

  /**
   * The type a tensor is stored in: what the kernels read. Float16 becomes float32, which holds the
   * same numbers; bfloat16 would round them. The router bias is float32 always.
   */
  public static DType storedType(String name, DType source) {
    return source == DType.F16 || name.equals(TensorNames.ROUTER_BIAS) ? DType.F32 : source;
  }

  /** Bytes that the tensors take when stored. */
  public static long storedBytes(Map<String, SourceTensor> stored) {
    long bytes = 0;
    for (Map.Entry<String, SourceTensor> entry : stored.entrySet()) {
      SourceTensor tensor = entry.getValue();
      bytes += tensor.elements() * storedType(entry.getKey(), tensor.dtype()).byteSize();
    }
    return bytes;
  }

  /**
   * Streams the tensors to {@code file}.
   *
   * @param progress is given the length of each piece read
   * @return bytes of the file
   * @throws IOException where the disk is full, among others; the message says how much was needed
   */
  public static long write(Path file, Map<String, SourceTensor> stored, LongConsumer progress)
      throws IOException {
    List<SafetensorsWriter.Entry> plan = new ArrayList<>();
    stored.forEach(
        (name, tensor) ->
            plan.add(
                new SafetensorsWriter.Entry(
                    name, storedType(name, tensor.dtype()), tensor.shape())));
    long needed = storedBytes(stored);
    long usable = Files.getFileStore(file.getParent()).getUsableSpace();
    if (usable < needed) {
      throw new IOException(
          "the disk of " + file.getParent() + " has " + usable + " bytes left, expected " + needed);
    }
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(file, plan, Map.of("format", "mor4j"))) {
      for (Map.Entry<String, SourceTensor> entry : stored.entrySet()) {
        SourceTensor tensor = entry.getValue();
        boolean widen = storedType(entry.getKey(), tensor.dtype()) != tensor.dtype();
        writer.write(
            entry.getKey(),
            sink ->
                tensor.writeTo(
                    new CountingSink(
                        widen ? new WideningSink(sink, tensor.dtype()) : sink, progress),
                    Long.MAX_VALUE));
      }
      writer.finish();
      return writer.size();
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("No space left")) {
        throw new IOException(
            "the disk of " + file.getParent() + " is full, expected room for " + needed + " bytes",
            e);
      }
      throw e;
    }
  }
}
