package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiFunction;

/** The variable {@code loop}: where a loop is, one value ahead at most. */
final class Loop implements Value {
  private final Iterator<Value> given;
  private final Budget budget;
  private final int depth;
  private final int knownLength;
  private Iterator<Value> values;
  private BiFunction<Value, Integer, Value> recursion;
  private int length = -1;
  private int index0 = -1;
  private Value previous;
  private Value current;
  private Value next;
  private List<Value> lastChanged;

  /**
   * @param knownLength how many values come, or -1 where they have to be counted
   * @param depth how many loops of a recursive one are around this one
   */
  Loop(Iterator<Value> values, int knownLength, int depth, Budget budget) {
    this.given = values;
    this.values = values;
    this.knownLength = knownLength;
    this.depth = depth;
    this.budget = budget;
  }

  void recursive(BiFunction<Value, Integer, Value> body) {
    recursion = body;
  }

  /** The next value, or null at the end. */
  Value advance() {
    Value value = next;
    if (value != null) {
      next = null;
    } else if (values.hasNext()) {
      value = values.next();
    } else {
      return null;
    }
    budget.steps(3);
    index0++;
    previous = current;
    current = value;
    return value;
  }

  private Value peek() {
    if (next == null && values.hasNext()) {
      next = values.next();
    }
    return next;
  }

  int length() {
    if (length < 0) {
      if (knownLength >= 0) {
        length = knownLength;
      } else {
        List<Value> rest = new ArrayList<>();
        while (given.hasNext()) {
          budget.list(1);
          budget.step();
          rest.add(given.next());
        }
        values = rest.iterator();
        length = rest.size() + index0 + 1 + (next != null ? 1 : 0);
      }
    }
    return length;
  }

  /** The attribute {@code name}, or null. */
  Value attribute(String name) {
    return switch (name) {
      case "index" -> Int.of(index0 + 1);
      case "index0" -> Int.of(index0);
      case "length" -> Int.of(length());
      case "revindex" -> Int.of(length() - index0);
      case "revindex0" -> Int.of(length() - index0 - 1);
      case "first" -> Bool.of(index0 == 0);
      case "last" -> Bool.of(peek() == null);
      case "depth" -> Int.of(depth + 1);
      case "depth0" -> Int.of(depth);
      case "previtem" -> index0 == 0 ? new Undefined("there is no previous item") : previous;
      case "nextitem" -> {
        Value value = peek();
        yield value == null ? new Undefined("there is no next item") : value;
      }
      case "cycle" -> new Function("cycle", (rendering, arguments) -> cycle(arguments));
      case "changed" -> new Function("changed", this::changed);
      default -> null;
    };
  }

  private Value cycle(Arguments arguments) {
    List<Value> items = arguments.positional();
    if (items.isEmpty()) {
      throw TemplateException.runtime("no items for cycling given");
    }
    return items.get(index0 % items.size());
  }

  private Value changed(Rendering rendering, Arguments arguments) {
    List<Value> values = arguments.positional();
    boolean same =
        lastChanged != null
            && Comparison.equal(
                rendering.budget(),
                new Sequence(lastChanged, Sequence.Form.TUPLE),
                new Sequence(values, Sequence.Form.TUPLE));
    lastChanged = values;
    return Bool.of(!same);
  }

  /** The body of the loop over {@code values}. */
  Value call(Arguments arguments) {
    if (recursion == null) {
      throw TemplateException.runtime(
          "The loop must have the 'recursive' marker to be called recursively.");
    }
    return recursion.apply(arguments.bind("loop", 1, "iterable")[0], depth + 1);
  }

  String description() {
    return "<LoopContext " + (index0 + 1) + "/" + length() + ">";
  }

  @Override
  public String type() {
    return "LoopContext";
  }
}
