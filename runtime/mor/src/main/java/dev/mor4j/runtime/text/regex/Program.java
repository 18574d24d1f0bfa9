package dev.mor4j.runtime.text.regex;

import java.util.Arrays;
import java.util.List;

/**
 * A regular expression as instructions for a thread that walks along a text. Of two ways that lead
 * on, the first is preferred. Immutable once compiled.
 */
final class Program {
  /** Takes one code point out of set {@link #first}. */
  static final byte TAKE = 0;

  /** Goes on at {@link #first}, and, if that leads to nothing, at {@link #second}. */
  static final byte SPLIT = 1;

  /** Goes on at {@link #first}. */
  static final byte JUMP = 2;

  /** Goes on if what comes next is in set {@link #first}. */
  static final byte AHEAD = 3;

  /** A match. */
  static final byte MATCH = 4;

  private static final int MAX_SIZE = 20_000;

  private final SetTrees sets;
  private byte[] codes = new byte[16];
  private int[] firsts = new int[16];
  private int[] seconds = new int[16];
  private int size;

  Program(Syntax syntax, SetTrees sets) {
    this.sets = sets;
    emit(syntax);
    add(MATCH, 0, 0);
  }

  int size() {
    return size;
  }

  byte code(int pc) {
    return codes[pc];
  }

  int first(int pc) {
    return firsts[pc];
  }

  int second(int pc) {
    return seconds[pc];
  }

  private int add(byte code, int first, int second) {
    if (size == MAX_SIZE) {
      throw new IllegalArgumentException(
          "the regular expression has more than "
              + MAX_SIZE
              + " steps when its repeats are written out");
    }
    if (size == codes.length) {
      codes = Arrays.copyOf(codes, size * 2);
      firsts = Arrays.copyOf(firsts, size * 2);
      seconds = Arrays.copyOf(seconds, size * 2);
    }
    codes[size] = code;
    firsts[size] = first;
    seconds[size] = second;
    return size++;
  }

  private void emit(Syntax syntax) {
    switch (syntax) {
      case Syntax.Empty e -> {}
      case Syntax.Characters c -> add(TAKE, sets.id(c.set()), 0);
      case Syntax.Ahead a -> add(AHEAD, sets.id(a.set()), 0);
      case Syntax.Sequence s -> s.parts().forEach(this::emit);
      case Syntax.Choice c -> emitChoice(c.options());
      case Syntax.Repeat r -> emitRepeat(r);
    }
  }

  private void emitChoice(List<Syntax> options) {
    int[] jumps = new int[options.size()];
    for (int i = 0; i < options.size() - 1; i++) {
      int split = add(SPLIT, 0, 0);
      firsts[split] = size;
      emit(options.get(i));
      jumps[i] = add(JUMP, 0, 0);
      seconds[split] = size;
    }
    emit(options.getLast());
    for (int i = 0; i < options.size() - 1; i++) {
      firsts[jumps[i]] = size;
    }
  }

  private void emitRepeat(Syntax.Repeat repeat) {
    for (int i = 0; i < repeat.min(); i++) {
      emit(repeat.body());
    }
    if (repeat.max() < 0) {
      int split = add(SPLIT, 0, 0);
      emit(repeat.body());
      add(JUMP, split, 0);
      branch(split, repeat.greedy());
      return;
    }
    int optional = repeat.max() - repeat.min();
    int[] splits = new int[optional];
    for (int i = 0; i < optional; i++) {
      splits[i] = add(SPLIT, 0, 0);
      emit(repeat.body());
    }
    for (int split : splits) {
      branch(split, repeat.greedy());
    }
  }

  /** Into what follows {@code split}, or past everything that is there so far. */
  private void branch(int split, boolean greedy) {
    firsts[split] = greedy ? split + 1 : size;
    seconds[split] = greedy ? size : split + 1;
  }
}
