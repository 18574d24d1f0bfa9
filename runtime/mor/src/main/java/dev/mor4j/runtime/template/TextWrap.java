package dev.mor4j.runtime.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** Lines of at most a width, as Python's {@code textwrap} breaks a paragraph. */
final class TextWrap {
  private final Budget budget;
  private final int width;
  private final boolean breakLongWords;
  private final boolean breakOnHyphens;

  TextWrap(Budget budget, int width, boolean breakLongWords, boolean breakOnHyphens) {
    this.budget = budget;
    this.width = width;
    this.breakLongWords = breakLongWords;
    this.breakOnHyphens = breakOnHyphens;
  }

  List<Text> wrap(Text text) {
    if (width <= 0) {
      throw TemplateException.runtime("invalid width " + width + " (must be > 0)");
    }
    budget.steps(text.length());
    Deque<Text> chunks = new ArrayDeque<>(chunks(text));
    List<Text> lines = new ArrayList<>();
    while (!chunks.isEmpty()) {
      budget.list(1);
      List<Text> line = new ArrayList<>();
      int length = 0;
      if (isBlank(chunks.peek()) && !lines.isEmpty()) {
        chunks.pop();
      }
      while (!chunks.isEmpty() && length + chunks.peek().length() <= width) {
        length += chunks.peek().length();
        line.add(chunks.pop());
      }
      if (!chunks.isEmpty() && chunks.peek().length() > width) {
        breakWord(chunks, line, width - length);
      }
      if (!line.isEmpty() && isBlank(line.getLast())) {
        line.removeLast();
      }
      if (!line.isEmpty()) {
        TextBuilder joined = new TextBuilder(budget);
        line.forEach(joined::add);
        lines.add(joined.text());
      }
    }
    return lines;
  }

  private static boolean isBlank(Text text) {
    for (int i = 0; i < text.length(); i++) {
      if (!Characters.isSpace(text.at(i))) {
        return false;
      }
    }
    return true;
  }

  private void breakWord(Deque<Text> chunks, List<Text> line, int room) {
    if (!breakLongWords) {
      if (line.isEmpty()) {
        line.add(chunks.pop());
      }
      return;
    }
    Text chunk = chunks.pop();
    int end = room;
    if (breakOnHyphens && chunk.length() > room) {
      int hyphen = chunk.findLast(budget, Text.of("-"), 0, room);
      for (int i = 0; i < hyphen; i++) {
        if (chunk.at(i) != '-') {
          end = hyphen + 1;
          break;
        }
      }
    }
    line.add(chunk.part(budget, 0, end));
    if (end < chunk.length()) {
      chunks.push(chunk.part(budget, end, chunk.length()));
    } else if (end == 0) {
      chunks.push(chunk);
    }
  }

  private static boolean isWhite(int point) {
    return point == ' ' || (point >= 9 && point <= 13);
  }

  private static boolean isLetter(Text text, int at) {
    return at >= 0
        && at < text.length()
        && Characters.isWord(text.at(at))
        && !Character.isDigit(text.at(at));
  }

  private static boolean isWordAt(Text text, int at) {
    return at < text.length() && Characters.isWord(text.at(at));
  }

  /** What cannot be broken: words, parts of words up to a hyphen, dashes, white space. */
  private List<Text> chunks(Text text) {
    List<Text> chunks = new ArrayList<>();
    int from = 0;
    while (from < text.length()) {
      int end = from + 1;
      if (isWhite(text.at(from))) {
        while (end < text.length() && isWhite(text.at(end))) {
          end++;
        }
      } else if (breakOnHyphens) {
        end = wordEnd(text, from);
      } else {
        while (end < text.length() && !isWhite(text.at(end))) {
          end++;
        }
      }
      budget.list(1);
      chunks.add(text.part(budget, from, end));
      from = end;
    }
    return chunks;
  }

  private static boolean isPunctuated(Text text, int at) {
    return at >= 0 && (Characters.isWord(text.at(at)) || "!\"'&.,?".indexOf(text.at(at)) >= 0);
  }

  /** Where dashes that begin at {@code at} end if a word follows them, or -1. */
  private static int dashEnd(Text text, int at) {
    int end = at;
    while (end < text.length() && text.at(end) == '-') {
      end++;
    }
    return end - at >= 2 && isWordAt(text, end) ? end : -1;
  }

  private static int wordEnd(Text text, int from) {
    if (text.at(from) == '-' && isPunctuated(text, from - 1)) {
      int end = dashEnd(text, from);
      if (end >= 0) {
        return end;
      }
    }
    for (int at = from + 1; at < text.length(); at++) {
      if (isWhite(text.at(at)) || (isPunctuated(text, at - 1) && dashEnd(text, at) >= 0)) {
        return at;
      }
      boolean letters =
          isLetter(text, at - 1)
              && (isLetter(text, at - 2)
                  || (at >= 3 && text.at(at - 2) == '-' && isLetter(text, at - 3)));
      if (text.at(at) == '-'
          && letters
          && isLetter(text, at + 1)
          && (isLetter(text, at + 2)
              || (at + 2 < text.length() && text.at(at + 2) == '-' && isLetter(text, at + 3)))) {
        return at + 1;
      }
    }
    return text.length();
  }
}
