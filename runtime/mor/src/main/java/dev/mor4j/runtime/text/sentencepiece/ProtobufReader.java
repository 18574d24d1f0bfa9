package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.format.ModelFormatException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The fields of one message in protobuf's wire format. Nothing is read outside of the message. */
final class ProtobufReader {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int LENGTH = 2;
  static final int GROUP = 3;
  static final int GROUP_END = 4;
  static final int FIXED32 = 5;

  // As deep as protobuf's own readers go.
  private static final int MAX_GROUPS = 100;

  private final byte[] bytes;
  private final int end;
  private final String name;
  private int position;
  private int wireType;

  /**
   * @param name of the message, for error messages
   */
  ProtobufReader(byte[] bytes, String name) {
    this(bytes, 0, bytes.length, name);
  }

  private ProtobufReader(byte[] bytes, int from, int end, String name) {
    this.bytes = bytes;
    this.position = from;
    this.end = end;
    this.name = name;
  }

  /** The number of the next field, which is to be read or skipped then; 0 at the end. */
  int next() throws ModelFormatException {
    if (position == end) {
      return 0;
    }
    long tag = varint();
    long field = tag >>> 3;
    wireType = (int) tag & 7;
    if (field == 0 || field >= 1 << 29) {
      throw broken("field number " + Long.toUnsignedString(field) + ", expected 1 to 536870911");
    }
    return (int) field;
  }

  /** The value of the field, which is a number or an enumeration. */
  long number(String field) throws ModelFormatException {
    expect(field, VARINT);
    return varint();
  }

  boolean flag(String field) throws ModelFormatException {
    return number(field) != 0;
  }

  float single(String field) throws ModelFormatException {
    expect(field, FIXED32);
    require(4, field);
    int value = 0;
    for (int i = 0; i < 4; i++) {
      value |= (bytes[position++] & 0xFF) << (8 * i);
    }
    return Float.intBitsToFloat(value);
  }

  /** The value of the field; a copy. */
  byte[] bytes(String field) throws ModelFormatException {
    int length = length(field);
    position += length;
    return Arrays.copyOfRange(bytes, position - length, position);
  }

  /** The value of the field, which has to be UTF-8. */
  byte[] text(String field) throws ModelFormatException {
    byte[] value = bytes(field);
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value));
    } catch (CharacterCodingException e) {
      throw broken(field + " is not UTF-8");
    }
    return value;
  }

  /** The message that the field is. */
  ProtobufReader message(String field) throws ModelFormatException {
    int length = length(field);
    position += length;
    return new ProtobufReader(bytes, position - length, position, name + "." + field);
  }

  /** Passes over the field. */
  void skip() throws ModelFormatException {
    int groups = 0;
    do {
      switch (wireType) {
        case VARINT -> varint();
        case FIXED64 -> skip(8);
        case LENGTH -> skip(length("a field"));
        case FIXED32 -> skip(4);
        case GROUP -> {
          if (++groups > MAX_GROUPS) {
            throw broken("more than " + MAX_GROUPS + " groups inside each other");
          }
        }
        case GROUP_END -> groups--;
        default -> throw broken("a field of wire type " + wireType + ", expected 0 to 5");
      }
      if (groups < 0) {
        throw broken("the end of a group that has not begun");
      }
      if (groups > 0 && next() == 0) {
        throw broken("a group that does not end");
      }
    } while (groups > 0);
  }

  private void skip(int length) throws ModelFormatException {
    require(length, "a field");
    position += length;
  }

  private int length(String field) throws ModelFormatException {
    expect(field, LENGTH);
    long length = varint();
    if (length < 0 || length > end - position) {
      throw broken(
          field
              + " has a length of "
              + Long.toUnsignedString(length)
              + " bytes, but only "
              + (end - position)
              + " are left");
    }
    return (int) length;
  }

  private long varint() throws ModelFormatException {
    long value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      require(1, "a number");
      byte next = bytes[position++];
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw broken("a number longer than ten bytes");
  }

  private void expect(String field, int expected) throws ModelFormatException {
    if (wireType != expected) {
      throw broken(field + " has wire type " + wireType + ", expected " + expected);
    }
  }

  private void require(int length, String field) throws ModelFormatException {
    if (length > end - position) {
      throw broken(
          field + " needs " + length + " bytes, but only " + (end - position) + " are left");
    }
  }

  private ModelFormatException broken(String what) {
    return new ModelFormatException(name + " is damaged at byte " + position + ": " + what);
  }
}
