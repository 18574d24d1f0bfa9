package dev.mor4j.runtime.format;

import dev.mor4j.runtime.packing.Packing;
import java.util.List;
import java.util.Optional;

/**
 * A tensor of a model's weights file, as one place of the model uses it.
 *
 * @param name in the file
 * @param shape of the numbers, as the configuration has it; a packed tensor has another in the file
 * @param dtype in the file; U8 where it is packed
 * @param packing how a matrix is packed; row-major without
 * @param offset of the first byte, from the start of the file
 * @param byteSize bytes in the file, padding of panels included
 */
public record StoredTensor(
    String name,
    List<Long> shape,
    DType dtype,
    Optional<Packing> packing,
    long offset,
    long byteSize) {
  public StoredTensor {
    shape = List.copyOf(shape);
  }

  /** Rows of the matrix; 1 where it is a vector. */
  public long rows() {
    return shape.size() == 1 ? 1 : shape.getFirst();
  }

  /** Columns of the matrix, or numbers of the vector. */
  public long cols() {
    return shape.getLast();
  }

  /** Numbers of the model that it holds: rows · columns. */
  public long elements() {
    return rows() * cols();
  }

  /** What a report calls the type of its numbers, such as {@code BF16} or {@code INT8}. */
  public String typeName() {
    return packing.map(Packing::typeName).orElse(dtype.name());
  }
}
