package dev.mor4j.runtime.text.regex;

import java.util.HashMap;
import java.util.Map;

/** What matches where case does not matter: single code points, in no language's way. */
final class CaseFolding {
  private CaseFolding() {}

  /** The set with everything that differs from a member by case alone. */
  static CodePointSet close(CodePointSet set) {
    if (set.intersection(CodePointSet.range(0x80, Character.MAX_CODE_POINT)).isEmpty()) {
      return closeAscii(set);
    }
    CodePointSet closed = closeAscii(set);
    for (Map.Entry<Integer, CodePointSet> orbit : Orbits.BY_FOLD.entrySet()) {
      if (!orbit.getValue().intersection(set).isEmpty()) {
        closed = closed.union(orbit.getValue());
      }
    }
    return closed;
  }

  private static CodePointSet closeAscii(CodePointSet set) {
    CodePointSet closed = set;
    for (int c = 'a'; c <= 'z'; c++) {
      if (set.contains(c) || set.contains(c - 32)) {
        closed = closed.union(CodePointSet.of(c, c - 32));
        if (c == 'k') {
          closed = closed.union(CodePointSet.of(0x212a));
        } else if (c == 's') {
          closed = closed.union(CodePointSet.of(0x17f));
        }
      }
    }
    return closed;
  }

  /** Made when it is first needed, which few expressions do. */
  private static final class Orbits {
    static final Map<Integer, CodePointSet> BY_FOLD = orbits();

    private static Map<Integer, CodePointSet> orbits() {
      Map<Integer, CodePointSet> orbits = new HashMap<>();
      for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
        int fold = fold(c);
        if (fold != c) {
          orbits.merge(fold, CodePointSet.of(fold, c), CodePointSet::union);
        }
      }
      return orbits;
    }

    // U+0130 and U+0131 stand alone: what they fold to depends on the language.
    private static int fold(int c) {
      return c == 0x130 || c == 0x131 ? c : Character.toLowerCase(Character.toUpperCase(c));
    }
  }
}
