package dev.mor4j.runtime.text.sentencepiece;

import dev.mor4j.runtime.text.unigram.PieceTrie;
import dev.mor4j.runtime.text.utf8.Utf8;

/** Prepares a text as SentencePiece does, before it is cut into pieces. Immutable; any thread. */
final class TextNormalizer {
  /** U+2581, which stands for a blank in pieces. */
  static final byte[] BLANK = {(byte) 0xE2, (byte) 0x96, (byte) 0x81};

  private static final byte[] PLAIN_BLANK = {' '};

  private final TextSettings settings;
  private final PieceTrie userDefined;
  private final byte[] blank;

  /**
   * @param userDefined pieces that are left as they are
   */
  TextNormalizer(TextSettings settings, PieceTrie userDefined) {
    this.settings = settings;
    this.userDefined = userDefined;
    blank = settings.escapeBlanks() ? BLANK : PLAIN_BLANK;
  }

  /** The normalized form of {@code text[from, to)}, which is UTF-8. */
  GrowingBytes normalize(byte[] text, int from, int to) {
    GrowingBytes out = new GrowingBytes(to - from + ((to - from) >> 2) + 16);
    Step step = new Step(text, to);
    int position = from;
    if (settings.fewBlanks()) {
      while (position < to && step.at(position).isBlank()) {
        position = step.next;
      }
    }
    if (position == to) {
      return out;
    }
    if (settings.dummyPrefix() && !settings.blanksAsSuffix()) {
      out.add(blank, 0, blank.length);
    }
    boolean afterBlank = settings.fewBlanks();
    while (position < to) {
      out.progress(position - from, to - from);
      step.at(position);
      int begin = step.begin;
      while (afterBlank && begin < step.end && step.source[begin] == ' ') {
        begin++;
      }
      if (begin < step.end) {
        append(step.source, begin, step.end, out);
        afterBlank = settings.fewBlanks() && step.source[step.end - 1] == ' ';
      }
      position = step.next;
    }
    if (settings.fewBlanks()) {
      while (out.endsWith(blank)) {
        out.cut(out.size() - blank.length);
      }
    }
    if (settings.dummyPrefix() && settings.blanksAsSuffix()) {
      out.add(blank, 0, blank.length);
    }
    return out;
  }

  private void append(byte[] source, int from, int to, GrowingBytes out) {
    for (int i = from; i < to; i++) {
      if (source[i] == ' ') {
        out.add(blank, 0, blank.length);
      } else {
        out.add(source[i]);
      }
    }
  }

  /** The next characters, and what they become. */
  private final class Step {
    private final byte[] text;
    private final int to;
    private byte[] source;
    private int begin;
    private int end;
    private int next;

    Step(byte[] text, int to) {
      this.text = text;
      this.to = to;
    }

    Step at(int position) {
      source = text;
      begin = position;
      int length = userDefined.longestPrefix(text, position, to);
      if (length > 0) {
        end = position + length;
        next = end;
        return this;
      }
      CharacterMap map = settings.map();
      long found = map == null ? CharacterMap.NONE : map.longestPrefix(text, position, to);
      if (found != CharacterMap.NONE) {
        source = map.replacements();
        begin = (int) found;
        end = map.replacementEnd(begin);
        next = position + (int) (found >>> 32);
        return this;
      }
      end = Math.min(position + Utf8.length(text[position]), to);
      next = end;
      return this;
    }

    boolean isBlank() {
      return end - begin == 1 && source[begin] == ' ';
    }
  }
}
