package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;

/** What becomes of the matches of a pattern at which a text is cut. */
enum Behavior {
  /** Matches are left out. */
  REMOVED("Removed"),
  /** Each match is a piece. */
  ISOLATED("Isolated"),
  /** A match belongs to the piece before it, unless that is a match, too. */
  MERGED_WITH_PREVIOUS("MergedWithPrevious"),
  /** A match belongs to the piece behind it, unless that is a match, too. */
  MERGED_WITH_NEXT("MergedWithNext"),
  /** Matches that follow each other are one piece. */
  CONTIGUOUS("Contiguous");

  private final String name;

  Behavior(String name) {
    this.name = name;
  }

  static Behavior read(Settings settings, String key) throws ModelFormatException {
    String name = settings.text(key);
    for (Behavior behavior : values()) {
      if (behavior.name.equals(name)) {
        return behavior;
      }
    }
    throw settings.refuse(
        key, "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous");
  }
}
