package dev.mor4j.converter.write;

import dev.mor4j.runtime.format.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/**
 * Takes float16 or bfloat16 and writes the same numbers as float32. Borrows the channel it writes
 * to.
 */
final class WideningSink implements WritableByteChannel {
  private final WritableByteChannel target;
  private final DType from;
  private final ByteBuffer wide = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);

  WideningSink(WritableByteChannel target, DType from) {
    if (from != DType.F16 && from != DType.BF16) {
      throw new IllegalArgumentException("from is " + from + ", expected F16 or BF16");
    }
    this.target = target;
    this.from = from;
  }

  /** {@code source} holds whole numbers of elements. */
  @Override
  public int write(ByteBuffer source) throws IOException {
    int length = source.remaining();
    ByteBuffer narrow = source.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    while (narrow.hasRemaining()) {
      wide.clear();
      while (wide.hasRemaining() && narrow.hasRemaining()) {
        short bits = narrow.getShort();
        wide.putFloat(
            from == DType.F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16));
      }
      target.write(wide.flip());
    }
    source.position(source.limit());
    return length;
  }

  @Override
  public boolean isOpen() {
    return target.isOpen();
  }

  @Override
  public void close() {}
}
