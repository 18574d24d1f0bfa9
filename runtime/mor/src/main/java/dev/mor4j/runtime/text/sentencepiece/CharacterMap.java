package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.format.ModelFormatException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  // Graphemes as long as this, in bytes, are replaced character by character.
  private static final int LONG_GRAPHEME = 6;
  // No character below joins the one in front of it.
  private static final int FIRST_JOINING = 0x300;
  // A letter of two units.
  private static final String LONG_LETTER = Character.toString(0x10000);
  private static final Pattern GRAPHEME = Pattern.compile("\\X");

  private final int[] units;
  private final byte[] replacements;

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
   * The text with every sequence replaced, as the normalizer {@code Precompiled} of a {@code
   * tokenizer.json} does it. A grapheme of up to five bytes that begins with a sequence becomes the
   * replacement of the <em>shortest</em> such sequence, all of it; in other graphemes each
   * character is replaced on its own. So {@code "\r\n"} becomes what {@code "\r"} becomes. Returns
   * its argument where nothing changes.
   */
  public String apply(String text) {
    StringBuilder out = null;
    Matcher graphemes = null;
    int kept = 0;
    int length = text.length();
    for (int i = 0; i < length; ) {
      int end = i + 1;
      if (!standsAlone(text, i)) {
        if (graphemes == null) {
          graphemes = GRAPHEME.matcher(withoutUnassigned(text));
        }
        graphemes.region(i, length);
        end = graphemes.lookingAt() ? graphemes.end() : text.offsetByCodePoints(i, 1);
      }
      int whole = isShort(text, i, end) ? shortestPrefix(text, i, end) : -1;
      if (whole >= 0) {
        out = out == null ? new StringBuilder(length + 16) : out;
        appendReplacement(out.append(text, kept, i), whole);
        kept = end;
        i = end;
        continue;
      }
      while (i < end) {
        int next = i + Character.charCount(text.codePointAt(i));
        int replacement = shortestPrefix(text, i, next);
        if (replacement >= 0) {
          out = out == null ? new StringBuilder(length + 16) : out;
          appendReplacement(out.append(text, kept, i), replacement);
          kept = next;
        }
        i = next;
      }
    }
    return out == null ? text : out.append(text, kept, length).toString();
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

  /** The replacements; {@link #replacementEnd} tells where one ends. Not to be changed. */
  byte[] replacements() {
    return replacements;
  }

  /** Where the replacement ends that begins at {@code from}. */
  int replacementEnd(int from) {
    int end = from;
    while (end < replacements.length && replacements[end] != 0) {
      end++;
    }
    return end;
  }

  private static boolean standsAlone(String text, int i) {
    char first = text.charAt(i);
    if (i + 1 == text.length()) {
      return true;
    }
    char second = text.charAt(i + 1);
    return first < FIRST_JOINING && second < FIRST_JOINING && !(first == '\r' && second == '\n');
  }

  /**
   * The text with letters in place of characters that are not assigned. Java takes those for
   * control characters, which stand alone; by the standard (UAX #29) most are like letters.
   */
  private static String withoutUnassigned(String text) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); ) {
      int character = text.codePointAt(i);
      int next = i + Character.charCount(character);
      if (Character.getType(character) == Character.UNASSIGNED && !isIgnorable(character)) {
        out = out == null ? new StringBuilder(text) : out;
        out.replace(i, next, next - i == 1 ? "a" : LONG_LETTER);
      }
      i = next;
    }
    return out == null ? text : out.toString();
  }

  /** Whether an unassigned character has the property Default_Ignorable_Code_Point. */
  private static boolean isIgnorable(int character) {
    return character == 0x2065
        || (character >= 0xFFF0 && character <= 0xFFF8)
        || (character >= 0xE0000 && character <= 0xE0FFF);
  }

  private static boolean isShort(String text, int from, int to) {
    if (to - from >= LONG_GRAPHEME) {
      return false;
    }
    int bytes = 0;
    for (int i = from; i < to; ) {
      int character = text.codePointAt(i);
      bytes += utf8Length(character);
      i += Character.charCount(character);
    }
    return bytes < LONG_GRAPHEME;
  }

  /** Where the replacement of the shortest sequence begins that begins these characters, or -1. */
  private int shortestPrefix(String text, int from, int to) {
    int place = childrenOf(0);
    for (int i = from; i < to; ) {
      int character = text.codePointAt(i);
      i += Character.charCount(character);
      if (character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE) {
        character = 0xFFFD;
      }
      for (int left = utf8Length(character) - 1, first = left; left >= 0; left--) {
        int next = utf8Byte(character, left, first);
        int unit = next == 0 ? -1 : child(place, next);
        if (unit < 0) {
          return -1;
        }
        place = childrenOf(unit);
        if (hasValue(unit)) {
          return valueAt(place);
        }
      }
    }
    return -1;
  }

  private void appendReplacement(StringBuilder out, int from) {
    out.append(new String(replacements, from, replacementEnd(from) - from, StandardCharsets.UTF_8));
  }

  private static int utf8Length(int character) {
    return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
  }

  /** The byte of a character that has {@code left} bytes behind it; the first has {@code first}. */
  private static int utf8Byte(int character, int left, int first) {
    if (first == 0) {
      return character;
    }
    int bits = character >> (6 * left);
    return left == first ? ((0xFF00 >> (first + 1)) & 0xFF) | bits : 0x80 | (bits & 0x3F);
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
    if (replacementEnd(from) - from > MAX_REPLACEMENT) {
      throw broken("a replacement is longer than " + MAX_REPLACEMENT + " bytes");
    }
  }

  private static ModelFormatException broken(String what) {
    return new ModelFormatException("the precompiled character map is damaged: " + what);
  }
}
