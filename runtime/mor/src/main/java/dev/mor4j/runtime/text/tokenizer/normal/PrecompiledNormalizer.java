package dev.mor4j.runtime.text.tokenizer.normal;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.sentencepiece.CharacterMap;
import dev.mor4j.runtime.text.tokenizer.settings.Growth;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.utf8.ByteText;
import dev.mor4j.runtime.text.utf8.Utf8;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * SentencePiece's precompiled character map as the Hugging Face library applies it: to each
 * grapheme of fewer than six bytes, by its shortest prefix in the map, otherwise to each character.
 * SentencePiece itself takes the longest prefix of the rest of the text.
 */
final class PrecompiledNormalizer implements Normalizer {
  /** Bytes of the longest grapheme that is looked up as a whole. */
  private static final int MAX_GRAPHEME = 5;

  // A part of nothing but ASCII has only graphemes of one character, but for a line's end.
  private static final Pattern GRAPHEME = Pattern.compile("\\X");
  // A letter of two units.
  private static final String LONG_LETTER = Character.toString(0x10000);

  private final CharacterMap map;

  private PrecompiledNormalizer(CharacterMap map) {
    this.map = map;
  }

  static PrecompiledNormalizer read(Settings settings, Growth growth) throws ModelFormatException {
    String key = "precompiled_charsmap";
    byte[] map;
    try {
      map = Base64.getDecoder().decode(settings.text(key));
    } catch (IllegalArgumentException e) {
      throw settings.unusable(key, "not Base64: " + e.getMessage(), e);
    }
    CharacterMap characters;
    try {
      characters = CharacterMap.of(map);
    } catch (ModelFormatException e) {
      throw settings.unusable(key, e.getMessage(), e);
    }
    growth.multiply(settings, Math.max(1, characters.longestReplacement()));
    return new PrecompiledNormalizer(characters);
  }

  @Override
  public NormalizedText apply(NormalizedText text) {
    byte[] bytes = text.bytes();
    var out = new ByteText(text.to() - text.from());
    var graphemes = GRAPHEME.matcher(withoutUnassigned(Utf8.decode(bytes, text.from(), text.to())));
    int at = text.from();
    int start = 0;
    while (graphemes.find()) {
      int end = at;
      for (int left = graphemes.end() - graphemes.start(); left > 0; ) {
        int length = Utf8.length(bytes[end]);
        left -= length == 4 ? 2 : 1;
        end += length;
      }
      if (end - at > MAX_GRAPHEME || !replace(bytes, at, end, out)) {
        for (int i = at; i < end; i += Utf8.length(bytes[i])) {
          int next = i + Utf8.length(bytes[i]);
          if (!replace(bytes, i, next, out)) {
            out.add(bytes, i, next);
          }
        }
      }
      if (at < text.startEnd()) {
        start = out.size();
      }
      at = end;
    }
    if (text.startEnd() > text.from() && start == 0 && out.size() > 0) {
      // The library forgets what was removed before anything was left.
      start = Utf8.length(out.array()[0]);
    }
    return NormalizedText.of(out, start);
  }

  /**
   * The text with letters in place of characters that are not assigned. Java takes those for
   * control characters, which stand alone; by the standard (UAX #29) most are like letters, which
   * marks behind them join.
   */
  private static String withoutUnassigned(String text) {
    StringBuilder out = null;
    for (int i = 0; i < text.length(); ) {
      int character = text.codePointAt(i);
      int next = i + Character.charCount(character);
      if (Character.getType(character) == Character.UNASSIGNED && !isIgnorable(character)) {
        if (out == null) {
          out = new StringBuilder(text);
        }
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

  /** Writes what the map has for {@code text[from, to)}; false where it has nothing. */
  private boolean replace(byte[] text, int from, int to, ByteText out) {
    int replacement = map.shortestPrefix(text, from, to);
    if (replacement < 0) {
      return false;
    }
    out.add(map.replacements(), replacement, map.replacementEnd(replacement));
    return true;
  }
}
