package dev.mor4j.runtime.text;

import java.util.List;

/**
 * Looks for stop strings in a text that comes in pieces, and holds back what may still become one:
 * the longest end of the text that one of them begins with. Of several that are complete after a
 * piece, the one that begins first ends the text. Each character is looked at once for each string
 * (Knuth, Morris, Pratt). One text, one thread.
 */
final class StopStrings {
  private final String[] strings;

  /** For each string and each number of its characters: the longest shorter beginning that fits. */
  private final int[][] fallback;

  /** For each string how many of its characters the text ends with. */
  private final int[] matched;

  private final StringBuilder held = new StringBuilder();
  private boolean found;

  StopStrings(List<String> stops) {
    strings = stops.toArray(String[]::new);
    fallback = new int[strings.length][];
    matched = new int[strings.length];
    for (int i = 0; i < strings.length; i++) {
      fallback[i] = fallback(strings[i]);
    }
  }

  private static int[] fallback(String stop) {
    int[] table = new int[stop.length() + 1];
    int length = 0;
    for (int i = 1; i < stop.length(); i++) {
      while (length > 0 && stop.charAt(i) != stop.charAt(length)) {
        length = table[length];
      }
      if (stop.charAt(i) == stop.charAt(length)) {
        length++;
      }
      table[i + 1] = length;
    }
    return table;
  }

  boolean isEmpty() {
    return strings.length == 0;
  }

  /** Whether one has come up. */
  boolean found() {
    return found;
  }

  /** Takes {@code piece} from {@code from} on and returns what is certain of the text now. */
  String add(CharSequence piece, int from) {
    if (strings.length == 0) {
      return piece.subSequence(from, piece.length()).toString();
    }
    if (found) {
      return "";
    }
    int end = -1;
    for (int i = from; i < piece.length(); i++) {
      held.append(piece.charAt(i));
      int start = step(piece.charAt(i));
      if (start >= 0 && (end < 0 || start < end)) {
        end = start;
      }
    }
    found = end >= 0;
    int certain = found ? end : held.length() - longestMatched();
    if (certain > 0 && Character.isHighSurrogate(held.charAt(certain - 1))) {
      // A stop string that is half a pair.
      certain--;
    }
    String text = held.substring(0, certain);
    held.delete(0, found ? held.length() : certain);
    return text;
  }

  /** The next character: where in {@link #held} a string begins that it completes, or -1. */
  private int step(char next) {
    int start = -1;
    for (int i = 0; i < strings.length; i++) {
      String stop = strings[i];
      int length = matched[i];
      if (length == stop.length()) {
        length = fallback[i][length];
      }
      while (length > 0 && stop.charAt(length) != next) {
        length = fallback[i][length];
      }
      if (stop.charAt(length) == next) {
        length++;
      }
      matched[i] = length;
      if (length == stop.length()) {
        int begin = held.length() - length;
        start = start < 0 ? begin : Math.min(start, begin);
      }
    }
    return start;
  }

  private int longestMatched() {
    int longest = 0;
    for (int length : matched) {
      longest = Math.max(longest, length);
    }
    return longest;
  }

  /** What is held back, where no more comes. */
  String rest() {
    String rest = found ? "" : held.toString();
    held.setLength(0);
    return rest;
  }
}
