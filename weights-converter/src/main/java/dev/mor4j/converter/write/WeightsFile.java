package dev.mor4j.converter.write;

import dev.mor4j.converter.source.SourceTensor;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.SafetensorsWriter;
import dev.mor4j.runtime.format.TensorNames;
import dev.mor4j.runtime.packing.Packing;
import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
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

  /** How a tensor is stored, and what it is stored from. */
  private record Piece(
      SafetensorsWriter.Entry entry, SourceTensor tensor, Optional<Packing> packing) {
    static Piece of(String name, SourceTensor tensor, Optional<Packing> packing) {
      SafetensorsWriter.Entry entry =
          packing.isPresent()
              ? new SafetensorsWriter.Entry(
                  name,
                  DType.U8,
                  packing.get().shape(tensor.shape().getFirst(), tensor.shape().getLast()))
              : new SafetensorsWriter.Entry(name, storedType(name, tensor.dtype()), tensor.shape());
      return new Piece(entry, tensor, packing);
    }

    /** Writes the tensor as it is stored, and notes whether it has numbers that are not finite. */
    void writeTo(WritableByteChannel sink, LongConsumer progress, List<NonFiniteTensor> found)
        throws IOException {
      WritableByteChannel made = sink;
      if (packing.isPresent()) {
        made = new PackingSink(sink, tensor, packing.get());
      } else if (entry.dtype() != tensor.dtype()) {
        made = new WideningSink(sink, tensor.dtype());
      }
      FiniteCheck check = new FiniteCheck(made, tensor.dtype(), packing.isPresent());
      tensor.writeTo(new CountingSink(check, progress), Long.MAX_VALUE);
      if (check.count() > 0) {
        found.add(new NonFiniteTensor(tensor, check.count(), check.first(), packing.isPresent()));
      }
    }
  }

  /**
   * Streams the tensors to {@code file}.
   *
   * @param packing of each name; without one it stays row-major
   * @param metadata texts to note in the file, besides its format
   * @param progress is given the length of each piece read
   * @return the tensors with numbers that are NaN or infinite; those that are packed are written
   *     with zeros in their place
   * @throws IOException where the disk is full, among others; the message says how much was needed
   */
  public static List<NonFiniteTensor> write(
      Path file,
      Map<String, SourceTensor> stored,
      Function<String, Optional<Packing>> packing,
      Map<String, String> metadata,
      LongConsumer progress)
      throws IOException {
    List<Piece> pieces = new ArrayList<>();
    stored.forEach((name, tensor) -> pieces.add(Piece.of(name, tensor, packing.apply(name))));
    List<SafetensorsWriter.Entry> plan = pieces.stream().map(Piece::entry).toList();
    long needed = plan.stream().mapToLong(SafetensorsWriter.Entry::byteSize).sum();
    long usable = Files.getFileStore(file.getParent()).getUsableSpace();
    if (usable < needed) {
      throw new IOException(
          "the disk of " + file.getParent() + " has " + usable + " bytes left, expected " + needed);
    }
    Map<String, String> notes = new LinkedHashMap<>(Map.of("format", "mor4j"));
    notes.putAll(metadata);
    List<NonFiniteTensor> found = new ArrayList<>();
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, plan, notes)) {
      for (Piece piece : pieces) {
        writer.write(piece.entry().name(), sink -> piece.writeTo(sink, progress, found));
      }
      writer.finish();
      return found;
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
