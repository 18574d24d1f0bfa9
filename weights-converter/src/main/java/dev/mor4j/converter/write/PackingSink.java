package dev.mor4j.converter.write;

import dev.mor4j.converter.source.SourceTensor;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.packing.PanelPacker;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/**
 * Takes the numbers of a matrix, row-major in the type of its source, and writes its panels. Holds
 * 16 rows and one panel, however large the matrix is. Borrows the channel it writes to; one thread.
 */
final class PackingSink implements WritableByteChannel {
  private final WritableByteChannel target;
  private final SourceTensor tensor;
  private final Packing packing;
  private final PanelPacker packer;
  private final float[] rows;
  private final long elements;
  private int filled;
  private long taken;

  /**
   * @param tensor what will be written, a matrix of F32, F16 or BF16
   */
  PackingSink(WritableByteChannel target, SourceTensor tensor, Packing packing) {
    this.target = target;
    this.tensor = tensor;
    this.packing = packing;
    this.packer = PanelPacker.of(packing, Math.toIntExact(tensor.shape().getLast()));
    this.rows = new float[Math.multiplyExact(Packing.PANEL_ROWS, packer.cols())];
    this.elements = tensor.elements();
  }

  /**
   * {@code source} holds whole numbers of elements.
   *
   * @throws ModelFormatException where a number cannot be packed
   */
  @Override
  public int write(ByteBuffer source) throws IOException {
    int length = source.remaining();
    ByteBuffer numbers = source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    int size = tensor.dtype().byteSize();
    while (numbers.hasRemaining()) {
      int count = Math.min(numbers.remaining() / size, rows.length - filled);
      for (int i = 0; i < count; i++) {
        rows[filled + i] = next(numbers, tensor.dtype());
      }
      check(count);
      filled += count;
      taken += count;
      if (filled == rows.length || taken == elements) {
        target.write(packer.pack(rows, filled / packer.cols()));
        filled = 0;
      }
    }
    source.position(source.limit());
    return length;
  }

  private static float next(ByteBuffer numbers, DType type) {
    return switch (type) {
      case F32 -> numbers.getFloat();
      case F16 -> Float.float16ToFloat(numbers.getShort());
      case BF16 -> Float.intBitsToFloat(numbers.getShort() << Short.SIZE);
      case F64, I64, I32, U8 -> throw new IllegalArgumentException("weights of type " + type);
    };
  }

  private void check(int count) throws ModelFormatException {
    for (int i = filled; i < filled + count; i++) {
      if (!PanelPacker.isPackable(rows[i])) {
        long place = taken + i - filled;
        throw new ModelFormatException(
            tensor.file(),
            "tensor "
                + tensor.name()
                + " has "
                + rows[i]
                + " in row "
                + place / packer.cols()
                + ", column "
                + place % packer.cols()
                + ", expected finite numbers of at most 8.5e37: it cannot be packed as "
                + packing.label());
      }
    }
  }

  @Override
  public boolean isOpen() {
    return target.isOpen();
  }

  @Override
  public void close() {}
}
