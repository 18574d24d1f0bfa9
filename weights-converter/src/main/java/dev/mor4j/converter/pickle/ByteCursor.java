package dev.mor4j.converter.pickle;

import dev.mor4j.runtime.format.ModelFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Reads little-endian numbers one after another and never past the end of its bytes. Borrows them.
 */
final class ByteCursor {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final String what;
  private final MemorySegment bytes;
  private long position;

  /**
   * @param what the part of {@code file} that {@code bytes} are, for messages
   */
  ByteCursor(Path file, String what, MemorySegment bytes) {
    this.file = file;
    this.what = what;
    this.bytes = bytes;
  }

  long position() {
    return position;
  }

  long remaining() {
    return bytes.byteSize() - position;
  }

  int u8() throws ModelFormatException {
    return bytes.get(ValueLayout.JAVA_BYTE, advance(1)) & 0xff;
  }

  int u16() throws ModelFormatException {
    return bytes.get(SHORT, advance(2)) & 0xffff;
  }

  int i32() throws ModelFormatException {
    return bytes.get(INT, advance(4));
  }

  long u32() throws ModelFormatException {
    return Integer.toUnsignedLong(i32());
  }

  long i64() throws ModelFormatException {
    return bytes.get(LONG, advance(8));
  }

  void skip(long length) throws ModelFormatException {
    advance(length);
  }

  /** The next {@code length} bytes as strict UTF-8. */
  String text(long length) throws ModelFormatException {
    long start = advance(length);
    ByteBuffer encoded = bytes.asSlice(start, length).asByteBuffer();
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(encoded).toString();
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(
          file, what + ": text at byte " + start + " is not valid UTF-8", e);
    }
  }

  /** The text up to the next line feed, which is skipped. */
  String line() throws ModelFormatException {
    long end = position;
    while (end < bytes.byteSize() && bytes.get(ValueLayout.JAVA_BYTE, end) != '\n') {
      end++;
    }
    String text = text(end - position);
    advance(1);
    return text;
  }

  private long advance(long length) throws ModelFormatException {
    if (length < 0 || length > remaining()) {
      throw new ModelFormatException(
          file,
          what
              + " ends at byte "
              + bytes.byteSize()
              + ", expected "
              + Long.toUnsignedString(length)
              + " more bytes at byte "
              + position);
    }
    long start = position;
    position += length;
    return start;
  }
}
