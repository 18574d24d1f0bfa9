package dev.mor4j.runtime.text.regex;

import java.util.List;

/** The tree of a regular expression. */
sealed interface Syntax {
  /** Nothing. */
  record Empty() implements Syntax {}

  /** One code point out of a set. */
  record Characters(CodePointSet set) implements Syntax {}

  /** What comes next, a code point or the end, is in a set; nothing is taken. */
  record Ahead(CodePointSet set) implements Syntax {}

  /** One after the other. */
  record Sequence(List<Syntax> parts) implements Syntax {}

  /** The first that leads to a match. */
  record Choice(List<Syntax> options) implements Syntax {}

  /**
   * Again and again.
   *
   * @param max most times; -1: any number
   * @param greedy whether more is better
   */
  record Repeat(Syntax body, int min, int max, boolean greedy) implements Syntax {}
}
