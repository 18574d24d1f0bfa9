package dev.mor4j.runtime.text.tokenizer.normal;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Growth;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.tokenizer.utf8.ByteText;
import dev.mor4j.runtime.text.tokenizer.utf8.Utf8;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

  /** Bytes of the longest text that a character may become. Unicode's longest has 33. */
  private static final int MAX_REPLACEMENT = 256;

  // A part of nothing but ASCII has only graphemes of one character, but for a line's end.
  private static final Pattern GRAPHEME = Pattern.compile("\\X");

  private final int[] trie;
  private final byte[] replacements;

  private PrecompiledNormalizer(int[] trie, byte[] replacements) {
    this.trie = trie;
    this.replacements = replacements;
  }

  static PrecompiledNormalizer read(Settings settings, Growth growth) throws ModelFormatException {
    String key = "precompiled_charsmap";
    byte[] map;
    try {
      map = Base64.getDecoder().decode(settings.text(key));
    } catch (IllegalArgumentException e) {
      throw settings.unusable(key, "not Base64: " + e.getMessage(), e);
    }
    var in = ByteBuffer.wrap(map).order(ByteOrder.LITTLE_ENDIAN);
    if (map.length < 4) {
      throw settings.refuse(key, "at least the size of its trie");
    }
    int trieBytes = in.getInt();
    if (trieBytes < 4 || trieBytes % 4 != 0 || trieBytes > in.remaining()) {
      throw settings.refuse(
          key,
          "a trie of a multiple of 4 bytes, at most "
              + in.remaining()
              + "; it says "
              + Integer.toUnsignedString(trieBytes));
    }
    int[] trie = new int[trieBytes / 4];
    in.asIntBuffer().get(trie);
    in.position(in.position() + trieBytes);
    byte[] replacements = new byte[in.remaining()];
    in.get(replacements);
    int length = 0;
    int longest = 1;
    for (byte b : replacements) {
      length = b == 0 ? 0 : length + 1;
      longest = Math.max(longest, length);
      if (length > MAX_REPLACEMENT) {
        throw settings.unusable(
            key, "a replacement has more than " + MAX_REPLACEMENT + " bytes", null);
      }
    }
    growth.multiply(settings, longest);
    return new PrecompiledNormalizer(trie, replacements);
  }

  @Override
  public NormalizedText apply(NormalizedText text) {
    byte[] bytes = text.bytes();
    var out = new ByteText(text.to() - text.from());
    var graphemes = GRAPHEME.matcher(Utf8.decode(bytes, text.from(), text.to()));
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

  /** Writes what the map has for {@code text[from, to)}; false where it has nothing. */
  private boolean replace(byte[] text, int from, int to, ByteText out) {
    int offset = find(text, from, to);
    if (offset < 0 || offset >= replacements.length) {
      return false;
    }
    int end = offset;
    while (end < replacements.length && replacements[end] != 0) {
      end++;
    }
    out.add(replacements, offset, end);
    return true;
  }

  /**
   * The value of the shortest prefix of {@code text[from, to)} in the trie, or -1. The trie is a
   * double array as of the Darts library: bits of a unit are its label, whether it has a leaf, and
   * the offset of its children.
   */
  private int find(byte[] text, int from, int to) {
    int node = offset(trie[0]);
    for (int i = from; i < to; i++) {
      int c = text[i] & 0xFF;
      if (c == 0) {
        return -1;
      }
      node ^= c;
      if (node >= trie.length || (trie[node] & 0x800000FF) != c) {
        return -1;
      }
      int unit = trie[node];
      node ^= offset(unit);
      if ((unit >>> 8 & 1) != 0) {
        return node < trie.length ? trie[node] & 0x7FFFFFFF : -1;
      }
    }
    return -1;
  }

  private static int offset(int unit) {
    return (unit >>> 10) << ((unit & 0x200) >>> 6);
  }
}
