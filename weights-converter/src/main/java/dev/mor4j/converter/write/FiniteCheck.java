package dev.mor4j.converter.write;

import dev.mor4j.runtime.format.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;

/**
 * Counts the numbers of a tensor that are NaN or infinite on their way to another channel. Borrows
 * the channel; one tensor, one thread.
 */
final class FiniteCheck implements WritableByteChannel {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final WritableByteChannel target;
  private final DType type;
  private final boolean blank;
  private long elements;
  private long count;
  private long first = -1;

  /**
   * @param type of the numbers; those of integers are all finite
   * @param blank whether zeros go on in place of pieces that are not finite, which a channel that
   *     takes only finite numbers needs
   */
  FiniteCheck(WritableByteChannel target, DType type, boolean blank) {
    this.target = target;
    this.type = type;
    this.blank = blank;
  }

  /** How many numbers are NaN or infinite. */
  long count() {
    return count;
  }

  /** The row-major index of the first of them; -1 without one. */
  long first() {
    return first;
  }

  /** {@code source} holds whole numbers of elements. */
  @Override
  public int write(ByteBuffer source) throws IOException {
    MemorySegment numbers = MemorySegment.ofBuffer(source);
    int size = source.remaining() / type.byteSize();
    int bad = countIn(numbers, size);
    if (bad > 0) {
      if (count == 0) {
        int place = 0;
        while (countIn(numbers.asSlice((long) place * type.byteSize()), 1) == 0) {
          place++;
        }
        first = elements + place;
      }
      count += bad;
    }
    elements += size;
    if (bad > 0 && blank) {
      int length = source.remaining();
      target.write(ByteBuffer.allocate(length));
      source.position(source.limit());
      return length;
    }
    return target.write(source);
  }

  private int countIn(MemorySegment numbers, int size) {
    return switch (type) {
      case F32 -> inFloats(numbers, size);
      case BF16 -> inShorts(numbers, size, 0x7f80);
      case F16 -> inShorts(numbers, size, 0x7c00);
      case F64 -> inDoubles(numbers, size);
      case I64, I32, U8 -> 0;
    };
  }

  // All bits of the exponent are set in NaN and infinity alone. The loops have no branches, so that
  // they become vector instructions.

  private static int inFloats(MemorySegment numbers, int size) {
    int count = 0;
    for (int i = 0; i < size; i++) {
      count += ((numbers.get(INT, 4L * i) & 0x7f800000) + 0x00800000) >>> 31;
    }
    return count;
  }

  /** Two at a time: no sum of one carries over to the other. */
  private static int inShorts(MemorySegment numbers, int size, int exponent) {
    int exponents = exponent << Short.SIZE | exponent;
    int ones = exponents & ~(exponents << 1);
    int count = 0;
    int pairs = size / 2;
    for (int i = 0; i < pairs; i++) {
      int sums = (numbers.get(INT, 4L * i) & exponents) + ones;
      count += (sums >>> 31) + (sums >>> 15 & 1);
    }
    if (size % 2 == 1) {
      count += ((numbers.get(SHORT, 4L * pairs) & exponent) + (exponent & -exponent)) >>> 15;
    }
    return count;
  }

  private static int inDoubles(MemorySegment numbers, int size) {
    int count = 0;
    for (int i = 0; i < size; i++) {
      double number = numbers.get(DOUBLE, 8L * i);
      count += Double.isFinite(number) ? 0 : 1;
    }
    return count;
  }

  @Override
  public boolean isOpen() {
    return target.isOpen();
  }

  @Override
  public void close() {}
}
