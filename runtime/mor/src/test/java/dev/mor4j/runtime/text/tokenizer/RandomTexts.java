package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.testing.ProjectFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Texts that tokenizers are tried with: random Unicode, prose, and added tokens among both. */
final class RandomTexts {
  private static final int[] MARKS = {0x300, 0x301, 0x323, 0x327, 0x5B0, 0x93C, 0x1AB0, 0x20D0};
  private static final String[] PIECES = {
    " ",
    "  ",
    "\n",
    "\r\n",
    "\t",
    "\u00A0",
    "\u2003",
    "\u2581",
    "'s",
    "'LL",
    "'\u017F",
    "0",
    "42",
    "1234567",
    "\u00B2",
    "\u0663",
    "\u4E2D\u6587",
    "\u304B\u3099",
    "\uAC00",
    "\u1100\u1161",
    "\uFB01",
    "\u0130",
    "\u03A3\u03C2",
    "\u1E9E",
    "\uFDFA",
    "\u2126",
    "\u212B",
    "...",
    "?!",
    "$",
    "_",
    "\u200B",
    "\u200D",
    "\uFE0F",
    "\uD83D\uDE00",
    "\uD83D\uDC68\u200D\uD83D\uDC69",
    "\uD83C\uDDE9",
    "<0x41>",
    "<0xE2>",
    "</w>",
    "##",
    "\u0120",
    "\u0000",
    "\uFFFD",
    "\uFEFF",
    "\uFFFF"
  };

  private final Random random;
  private final String prose;
  private final List<String> added;

  /**
   * @param added tokens that are put into texts
   */
  RandomTexts(long seed, List<String> added) throws IOException {
    random = new Random(seed);
    prose = Files.readString(ProjectFiles.root().resolve("testdata/corpus/alice.txt"));
    this.added = new ArrayList<>(added);
  }

  String next() {
    var text = new StringBuilder();
    int parts = 1 + random.nextInt(12);
    for (int i = 0; i < parts; i++) {
      switch (random.nextInt(8)) {
        case 0, 1 -> prose(text);
        case 2 -> characters(text, 0x110000);
        case 3 -> characters(text, 0x3000);
        case 4 -> marked(text);
        case 5 -> token(text);
        default -> text.append(PIECES[random.nextInt(PIECES.length)]);
      }
    }
    return text.toString();
  }

  private void prose(StringBuilder text) {
    int from = random.nextInt(prose.length() - 60);
    text.append(prose, from, from + random.nextInt(60));
  }

  private void characters(StringBuilder text, int bound) {
    for (int i = random.nextInt(8); i >= 0; i--) {
      int character = random.nextInt(bound);
      boolean surrogate =
          character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE;
      if (!surrogate && !isNewer(character)) {
        text.appendCodePoint(character);
      }
    }
  }

  /**
   * Whether a character is a capital or a digit of Unicode 17. The native library knows these
   * classes of it; the Python package, whose values count, does not.
   */
  static boolean isNewer(int character) {
    return character == 0xA7CE
        || character == 0xA7D2
        || character == 0xA7D4
        || (character >= 0x11DE0 && character <= 0x11DE9)
        || (character >= 0x16EA0 && character <= 0x16EB8);
  }

  private void marked(StringBuilder text) {
    text.append((char) ('a' + random.nextInt(26)));
    for (int i = random.nextInt(4); i > 0; i--) {
      text.appendCodePoint(MARKS[random.nextInt(MARKS.length)]);
    }
  }

  private void token(StringBuilder text) {
    if (!added.isEmpty()) {
      String token = added.get(random.nextInt(added.size()));
      boolean cut = random.nextInt(8) == 0;
      text.append(token, 0, cut ? token.offsetByCodePoints(0, 1) : token.length());
    }
  }

  /** Ids of which about one in twenty is no token. */
  int[] ids(int bound) {
    int[] ids = new int[random.nextInt(24)];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = random.nextInt(bound + bound / 20 + 1);
    }
    return ids;
  }
}
