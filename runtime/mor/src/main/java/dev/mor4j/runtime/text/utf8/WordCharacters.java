package dev.mor4j.runtime.text.utf8;

import dev.mor4j.runtime.text.unicode.CharacterClasses;
import java.util.BitSet;

/**
 * What {@code \w} matches in Rust's {@code regex}: letters and their like, marks, decimal digits,
 * connector punctuation, joiners. Oniguruma's, which a pre-tokenizer's own patterns have, lacks the
 * joiners, and has the superscripts and fractions of Latin-1.
 *
 * <p>Source: Unicode Technical Standard 18, annex C, {@code word}.
 */
public final class WordCharacters {
  private static final BitSet ALL = new BitSet();

  static {
    int[] bounds = CharacterClasses.bounds("word");
    for (int i = 0; i < bounds.length; i += 2) {
      ALL.set(bounds[i], bounds[i + 1]);
    }
    ALL.set(0x200C, 0x200E);
    for (int number : new int[] {0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE}) {
      ALL.clear(number);
    }
  }

  private WordCharacters() {}

  /** Whether a code point belongs to words. */
  public static boolean contains(int codePoint) {
    return ALL.get(codePoint);
  }
}
