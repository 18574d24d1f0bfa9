package dev.mor4j.runtime.text.tokenizer.split;

import dev.mor4j.runtime.text.tokenizer.match.Finder;
import dev.mor4j.runtime.text.tokenizer.match.Matches;
import dev.mor4j.runtime.text.vocabulary.TokenSink;

/**
 * Cuts pieces at the matches of a pattern.
 *
 * @param invert whether what lies between the matches counts as the matches
 */
record Split(Finder finder, Behavior behavior, boolean invert, PieceConsumer next)
    implements PieceConsumer {
  /** A pattern whose matches are pieces, as what lies between them. */
  static PieceConsumer isolated(Finder finder, PieceConsumer next) {
    return new IsolatedSplit(finder, next);
  }

  /** The cutter that a file describes. */
  static PieceConsumer of(Finder finder, Behavior behavior, boolean invert, PieceConsumer next) {
    return behavior == Behavior.ISOLATED
        ? isolated(finder, next)
        : new Split(finder, behavior, invert, next);
  }

  @Override
  public void accept(byte[] text, int from, int to, int startEnd, TokenSink out) {
    var cutter = new Cutter(text, startEnd, out);
    var matches = new Matches(finder, text, from, to);
    int end = from;
    while (matches.next()) {
      if (end < matches.start()) {
        cutter.segment(end, matches.start(), invert);
      }
      cutter.segment(matches.start(), matches.end(), !invert);
      end = matches.end();
    }
    if (end < to) {
      cutter.segment(end, to, invert);
    }
    cutter.finish();
  }

  /** Joins segments to pieces: keeps the last one as long as another may be joined to it. */
  private final class Cutter {
    private final byte[] text;
    private final int startEnd;
    private final TokenSink out;
    private int heldFrom;
    private int heldTo;
    private boolean held;
    private boolean previous;

    Cutter(byte[] text, int startEnd, TokenSink out) {
      this.text = text;
      this.startEnd = startEnd;
      this.out = out;
    }

    void segment(int from, int to, boolean match) {
      switch (behavior) {
        case REMOVED -> {
          if (!match) {
            emit(from, to);
          }
        }
        case ISOLATED -> emit(from, to);
        case MERGED_WITH_PREVIOUS -> join(from, to, match && !previous);
        case CONTIGUOUS -> join(from, to, match == previous);
        case MERGED_WITH_NEXT -> joinNext(from, to, match);
      }
      previous = match;
    }

    private void join(int from, int to, boolean joined) {
      if (held && joined) {
        heldTo = to;
      } else {
        finish();
        hold(from, to);
      }
    }

    // What is held is a match.
    private void joinNext(int from, int to, boolean match) {
      if (match) {
        finish();
        hold(from, to);
      } else if (held) {
        held = false;
        emit(heldFrom, to);
      } else {
        emit(from, to);
      }
    }

    private void hold(int from, int to) {
      heldFrom = from;
      heldTo = to;
      held = true;
    }

    void finish() {
      if (held) {
        held = false;
        emit(heldFrom, heldTo);
      }
    }

    private void emit(int from, int to) {
      if (from < to) {
        next.accept(text, from, to, startEnd, out);
      }
    }
  }
}
