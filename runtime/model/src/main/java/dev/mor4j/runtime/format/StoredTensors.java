package dev.mor4j.runtime.format;

import dev.mor4j.runtime.packing.Packing;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The header of a model's {@code model.safetensors} held against its {@code config.json}: every
 * tensor that the model needs is there, in its shape and in a type that the kernels read, before
 * anything is mapped.
 *
 * <p>Matrices are row-major, F32 or BF16, or packed (see {@link Packing}): U8 [panels, bytes of a
 * panel]. Norms and routers are row-major, the router bias is F32.
 */
public final class StoredTensors {
  /** The matrices of a layer that have to be packed alike: their products read one encoded row. */
  private static final List<List<String>> PACKED_ALIKE =
      List.of(List.of("q", "k", "v"), List.of("gate", "up"));

  private static final int PACKED_ALIGNMENT = 64;

  private final Path file;
  private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

  private StoredTensors(SafetensorsFile file, ModelConfig config) throws ModelFormatException {
    this.file = file.path();
    for (Map.Entry<String, long[]> wanted : TensorNames.shapes(config).entrySet()) {
      String name = wanted.getKey();
      SafetensorsFile.Tensor tensor = file.tensors().get(config.storedName(name));
      if (tensor == null) {
        throw new ModelFormatException(
            this.file, "tensor " + config.storedName(name) + " is missing" + serves(name, config));
      }
      tensors.put(name, stored(name, wanted.getValue(), tensor, config));
    }
    for (int layer = 0; layer < config.architecture().layers(); layer++) {
      for (List<String> parts : PACKED_ALIKE) {
        checkOnePacking(layer, parts);
      }
    }
  }

  /**
   * Canonical name → the tensor that serves it, for every name of {@code config}, in the order of
   * {@link TensorNames#shapes}. Unmodifiable.
   *
   * @throws ModelFormatException where a tensor is missing, or has a type, shape or place that
   *     cannot be used
   */
  public static Map<String, StoredTensor> of(SafetensorsFile file, ModelConfig config)
      throws ModelFormatException {
    return Collections.unmodifiableMap(new StoredTensors(file, config).tensors);
  }

  /** How the matrices of the layers are packed, judging by the first; empty where it is not. */
  public static Optional<Packing> packing(Map<String, StoredTensor> tensors) {
    return tensors.get(TensorNames.layer(0, "q")).packing();
  }

  private StoredTensor stored(
      String name, long[] shape, SafetensorsFile.Tensor tensor, ModelConfig config)
      throws ModelFormatException {
    List<Long> numbers = Arrays.stream(shape).boxed().toList();
    Optional<Packing> packing = packing(name, shape, tensor);
    boolean rowMajor =
        tensor.shape().equals(numbers)
            && (tensor.dtype() == DType.F32
                || (tensor.dtype() == DType.BF16 && !name.equals(TensorNames.ROUTER_BIAS)));
    if (packing.isEmpty() && !rowMajor) {
      throw new ModelFormatException(
          file,
          "tensor "
              + tensor.name()
              + " is "
              + tensor.dtype()
              + " "
              + tensor.shape()
              + ", expected "
              + expected(name, shape)
              + serves(name, config));
    }
    int alignment = packing.isPresent() ? PACKED_ALIGNMENT : tensor.dtype().byteSize();
    if (tensor.offset() % alignment != 0) {
      throw new ModelFormatException(
          file,
          "tensor "
              + tensor.name()
              + " begins at byte "
              + tensor.offset()
              + ", expected a multiple of "
              + alignment);
    }
    return new StoredTensor(
        tensor.name(), numbers, tensor.dtype(), packing, tensor.offset(), tensor.byteSize());
  }

  private static Optional<Packing> packing(
      String name, long[] shape, SafetensorsFile.Tensor tensor) {
    if (!TensorNames.mayBePacked(name) || tensor.dtype() != DType.U8) {
      return Optional.empty();
    }
    return Stream.of(Packing.values())
        .filter(packing -> tensor.shape().equals(packing.shape(shape[0], shape[1])))
        .findAny();
  }

  /** The types and shapes that a place takes. */
  private static String expected(String name, long[] shape) {
    String rowMajor =
        (name.equals(TensorNames.ROUTER_BIAS) ? "F32 " : "F32 or BF16 ") + Arrays.toString(shape);
    if (!TensorNames.mayBePacked(name)) {
      return rowMajor;
    }
    return Stream.of(Packing.values())
        .map(packing -> packing.shape(shape[0], shape[1]) + " (" + packing.label() + ")")
        .collect(Collectors.joining(", ", rowMajor + ", or packed U8 ", ""));
  }

  private void checkOnePacking(int layer, List<String> parts) throws ModelFormatException {
    StoredTensor first = tensors.get(TensorNames.layer(layer, parts.getFirst()));
    for (String part : parts) {
      StoredTensor tensor = tensors.get(TensorNames.layer(layer, part));
      if (!tensor.packing().equals(first.packing())) {
        throw new ModelFormatException(
            file,
            "tensor "
                + tensor.name()
                + " is "
                + tensor.typeName()
                + ", expected "
                + first.typeName()
                + " as "
                + first.name()
                + ": "
                + String.join(", ", parts)
                + " of a layer are all row-major or packed alike");
      }
    }
  }

  private static String serves(String name, ModelConfig config) {
    return config.storedName(name).equals(name) ? "" : " (it serves " + name + ")";
  }
}
