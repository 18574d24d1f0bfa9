package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.format.ModelFormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A precompiled character map: sequences of characters and what replaces them. The sequences are in
 * a double array as the library darts-clone writes it, the replacements behind it, each with a zero
 * at its end. Immutable; any thread.
 */
public final class CharacterMap {
  /** What {@link #longestPrefix} gives where no sequence fits. */
  static final long NONE = 0;

  // Bounds for files that nobody trained: what a character may become, and how long a sequence is.
  // The longest that Unicode's own rules need are 33 and 20 bytes.
  private static final int MAX_REPLACEMENT = 256;
  private static final int MAX_SEQUENCE = 256;

  private final int[] units;
  private final byte[] replacements;
  private int longestReplacement;

  private CharacterMap(int[] units, byte[] replacements) {
    this.units = units;
    this.replacements = replacements;
  }

  /**
   * Reads a map.
   *
   * @param precompiled number of bytes of the double array (little endian, 32 bits), the array, the
   *     replacements
   * @throws ModelFormatException where it is damaged: a place outside of it, a circle, sequences or
   *     replacements longer than 256 bytes
   */
  public static CharacterMap of(byte[] precompiled) throws ModelFormatException {
    ByteBuffer buffer = ByteBuffer.wrap(precompiled).order(ByteOrder.LITTLE_ENDIAN);
    if (precompiled.length < 4) {
      throw broken("it has " + precompiled.length + " bytes, expected at least 4");
    }
    int size = buffer.getInt();
    if (size <= 0 || size % 4 != 0 || size > buffer.remaining()) {
      throw broken(
          "the size of its double array is "
              + Integer.toUnsignedString(size)
              + " bytes, expected a multiple of 4 up to "
              + buffer.remaining());
    }
    int[] units = new int[size / 4];
    buffer.asIntBuffer().get(units);
    byte[] replacements = Arrays.copyOfRange(precompiled, 4 + size, precompiled.length);
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(replacements));
    } catch (CharacterCodingException e) {
      throw broken("its replacements are not UTF-8");
    }
    CharacterMap map = new CharacterMap(units, replacements);
    map.check();
    return map;
  }

  /**
   * The longest sequence that begins {@code text[from, to)}: its length in the upper half, and
   * where its replacement begins in the lower; {@link #NONE} where there is none.
   */
  long longestPrefix(byte[] text, int from, int to) {
    long found = NONE;
    int place = childrenOf(0);
    for (int i = from; i < to; i++) {
      int unit = child(place, text[i] & 0xFF);
      if (unit < 0) {
        break;
      }
      place = childrenOf(unit);
      if (hasValue(unit)) {
        found = (long) (i + 1 - from) << 32 | valueAt(place);
      }
    }
    return found;
  }

  /**
   * Where the replacement begins of the shortest sequence that begins {@code text[from, to)}, or -1
   * where there is none. A zero ends the text.
   */
  public int shortestPrefix(byte[] text, int from, int to) {
    int place = childrenOf(0);
    for (int i = from; i < to; i++) {
      int unit = text[i] == 0 ? -1 : child(place, text[i] & 0xFF);
      if (unit < 0) {
        break;
      }
      place = childrenOf(unit);
      if (hasValue(unit)) {
        return valueAt(place);
      }
    }
    return -1;
  }

  /** Length in bytes of the longest replacement. */
  public int longestReplacement() {
    return longestReplacement;
  }

  /** The replacements; {@link #replacementEnd} tells where one ends. Not to be changed. */
  public byte[] replacements() {
    return replacements;
  }

  /** Where the replacement ends that begins at {@code from}. */
  public int replacementEnd(int from) {
    int end = from;
    while (end < replacements.length && replacements[end] != 0) {
      end++;
    }
    return end;
  }

  // A unit of the double array. Bits 0 to 7 and 31: its byte. 8: whether a sequence ends here. The
  // rest: how its children's place differs from its own. A value is in a unit of its own.

  /** Where the children of a unit are: each stands at this place XOR its byte. */
  private int childrenOf(int unit) {
    int bits = units[unit];
    return unit ^ bits >>> 10 << ((bits & 1 << 9) >>> 6);
  }

  /** The unit of a child, or -1. */
  private int child(int place, int next) {
    int unit = place ^ next;
    return unit < units.length && (units[unit] & 0x800000FF) == next ? unit : -1;
  }

  private boolean hasValue(int unit) {
    return (units[unit] & 1 << 8) != 0;
  }

  private int valueAt(int place) {
    return units[place] & Integer.MAX_VALUE;
  }

  /**
   * Follows every sequence once, so that nothing has to be checked later. Parts of the array may be
   * shared, but not lie in a circle.
   */
  private void check() throws ModelFormatException {
    // 0: not seen. Otherwise the longest sequence below, plus one; -1 while on the way.
    short[] heights = new short[units.length];
    int[] path = new int[MAX_SEQUENCE + 1];
    int[] labels = new int[MAX_SEQUENCE + 1];
    short[] below = new short[MAX_SEQUENCE + 1];
    int depth = 0;
    heights[0] = -1;
    checkValue(0);
    while (depth >= 0) {
      int place = childrenOf(path[depth]);
      int child = -1;
      while (child < 0 && labels[depth] < 255) {
        child = child(place, ++labels[depth]);
      }
      if (child < 0) {
        short height = (short) (below[depth] + 1);
        heights[path[depth--]] = height;
        if (depth >= 0) {
          below[depth] = (short) Math.max(below[depth], height);
        }
        continue;
      }
      if (heights[child] == -1) {
        throw broken("its double array has a circle at unit " + child);
      }
      if (depth + Math.max(heights[child], 1) > MAX_SEQUENCE) {
        throw broken("a sequence is longer than " + MAX_SEQUENCE + " bytes");
      }
      if (heights[child] > 0) {
        below[depth] = (short) Math.max(below[depth], heights[child]);
        continue;
      }
      checkValue(child);
      heights[child] = -1;
      depth++;
      path[depth] = child;
      labels[depth] = 0;
      below[depth] = 0;
    }
  }

  private void checkValue(int unit) throws ModelFormatException {
    if (!hasValue(unit)) {
      return;
    }
    int place = childrenOf(unit);
    if (place >= units.length) {
      throw broken(
          "unit " + unit + " has its value in unit " + place + ", but there are " + units.length);
    }
    int from = valueAt(place);
    if (from > replacements.length
        || (from < replacements.length && (replacements[from] & 0xC0) == 0x80)) {
      throw broken(
          "a replacement begins at byte "
              + from
              + ", which is not the beginning of a character in "
              + replacements.length
              + " bytes");
    }
    longestReplacement = Math.max(longestReplacement, replacementEnd(from) - from);
    if (longestReplacement > MAX_REPLACEMENT) {
      throw broken("a replacement is longer than " + MAX_REPLACEMENT + " bytes");
    }
  }

  private static ModelFormatException broken(String what) {
    return new ModelFormatException("the precompiled character map is damaged: " + what);
  }
}
