package dev.mor4j.runtime.text.regex;

import java.util.ArrayList;
import java.util.List;

/**
 * A regular expression in the syntax of Oniguruma (its Ruby flavour, as the tokenizers' library
 * uses it) that is searched for in UTF-8, byte by byte, in time linear in what is looked at. Of
 * matches that begin at the same place the one counts that a backtracking matcher finds first. Any
 * thread.
 *
 * <p>Not supported, and refused: references to groups, lookbehind, boundaries of words and lines,
 * lookahead of more than one character, atomic groups of more than one.
 *
 * @see <a href="https://github.com/kkos/oniguruma/blob/master/doc/RE">Oniguruma's syntax</a>
 */
public final class TextPattern {
  // Where a match stopped because the automaton has no room.
  private static final int FULL = Integer.MAX_VALUE;

  private final SetTrees sets = new SetTrees();
  private final Program program;
  // Replaced when it is full.
  private volatile Automaton automaton;

  private TextPattern(Syntax syntax) {
    program = new Program(syntax, sets);
    automaton = new Automaton(program, sets);
  }

  /**
   * Compiles an expression.
   *
   * @throws IllegalArgumentException when {@code expression} is none, or has a construct that is
   *     not supported; the message names it
   */
  public static TextPattern compile(String expression) {
    return new TextPattern(PatternParser.parse(expression));
  }

  /** A pattern that matches {@code text} as it stands. */
  public static TextPattern literal(String text) {
    List<Syntax> parts = new ArrayList<>();
    text.codePoints().forEach(c -> parts.add(new Syntax.Characters(CodePointSet.of(c))));
    return new TextPattern(new Syntax.Sequence(parts));
  }

  /**
   * The first match that begins at {@code from} or later. Nothing before {@code from} is looked at;
   * {@code to} is the end of the text.
   *
   * @param text valid UTF-8 between {@code from}, where a character begins, and {@code to}
   * @return {@code start << 32 | end}, or -1 when there is none
   */
  public long find(byte[] text, int from, int to) {
    Automaton now = automaton;
    int begin = from;
    // Bytes that were looked at in vain.
    long wasted = 0;
    while (true) {
      long found = match(now, text, begin, to);
      int end = (int) found;
      if (end >= 0) {
        return (long) begin << 32 | end;
      }
      int stop = (int) (found >>> 32);
      if (stop == FULL) {
        return simulate(text, begin, to);
      }
      if (begin == to) {
        return -1;
      }
      wasted += stop - begin;
      begin++;
      while (begin < to && (text[begin] & 0xc0) == 0x80) {
        begin++;
      }
      if (wasted > 64 + 16L * (begin - from)) {
        return simulate(text, begin, to);
      }
    }
  }

  /** The end of the match that begins at {@code begin}, or -1; upper half: where it stopped. */
  private long match(Automaton now, byte[] text, int begin, int to) {
    int[] table = now.table();
    int row = now.start() << 8;
    int end = now.emptyMatch() ? begin : -1;
    int at = begin;
    while (at < to) {
      int column = text[at] & 0xff;
      int entry = row < table.length ? table[row | column] : Automaton.UNKNOWN;
      if (entry == Automaton.UNKNOWN) {
        entry = now.entry(row >> 8, column);
        if (entry == Automaton.FULL) {
          automaton = new Automaton(program, sets);
          return (long) FULL << 32 | 0xffffffffL;
        }
        table = now.table();
      }
      at++;
      if ((entry & Automaton.BEFORE) != 0) {
        end = at - SetTrees.lengthBefore(text, at);
      }
      if ((entry & Automaton.HERE) != 0) {
        end = at;
      }
      if ((entry & Automaton.DEAD) != 0) {
        return ((long) at << 32) | (end & 0xffffffffL);
      }
      row = entry & ~0xff;
    }
    int last = row < table.length ? table[row | Automaton.END] : Automaton.UNKNOWN;
    if (last == Automaton.UNKNOWN) {
      last = now.entry(row >> 8, Automaton.END);
    }
    if ((last & Automaton.HERE) != 0) {
      end = to;
    }
    return ((long) at << 32) | (end & 0xffffffffL);
  }

  /** The first match without an automaton, from all beginnings at once. */
  private long simulate(byte[] text, int from, int to) {
    Threads threads = new Threads(program, sets);
    long found = -1;
    int at = from;
    while (true) {
      synchronized (sets) {
        if (found < 0 && (at == to || (text[at] & 0xc0) != 0x80)) {
          threads.begin(at);
        }
      }
      if (threads.matchHere() >= 0) {
        found = (long) threads.matchHere() << 32 | at;
      }
      if (at == to || (threads.size() == 0 && found >= 0)) {
        break;
      }
      synchronized (sets) {
        threads.step(text[at++] & 0xff);
      }
      if (threads.matchBefore() >= 0) {
        found = (long) threads.matchBefore() << 32 | (at - SetTrees.lengthBefore(text, at));
      }
    }
    int atEnd = at == to ? threads.matchAtEnd(threads.items()) : -1;
    return atEnd >= 0 ? (long) threads.start(atEnd) << 32 | to : found;
  }
}
