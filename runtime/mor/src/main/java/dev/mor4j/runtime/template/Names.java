package dev.mor4j.runtime.template;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The names that a template reads and sets, as Jinja's compiler follows them.
 *
 * <p>Jinja makes a name that a part of a template sets before it reads it, and that no part around
 * it uses, a variable of this part from its first line on. What is nested in the part and comes
 * before the {@code set} therefore finds it undefined, even where the caller passed in a variable
 * of this name.
 */
final class Names {
  /** A part of a template with variables of its own: a loop's body, a macro, a block. */
  static final class Part {
    private final Part around;
    private Layer top = new Layer(null);
    private Set<String> hidden = Set.of();

    private Part(Part around) {
      this.around = around;
    }

    /** Names that are undefined in this part until they are set, whatever is around it. */
    Set<String> hidden() {
      return hidden;
    }

    private void resolve() {
      Set<String> names = new HashSet<>();
      top.setFirst.forEach(
          (name, first) -> {
            if (first && !isUsedAround(name)) {
              names.add(name);
            }
          });
      hidden = Set.copyOf(names);
    }

    private boolean isUsedAround(String name) {
      for (Part part = around; part != null; part = part.around) {
        if (part.top.setFirst.containsKey(name)) {
          return true;
        }
      }
      return false;
    }
  }

  /**
   * What a branch of an {@code if} adds to the names before it. A layer holds only what is new in
   * it, so that many branches after many names cost no more than what they hold.
   */
  private static final class Layer {
    private final Layer below;

    /** For each name whether it was set first. */
    private final Map<String, Boolean> setFirst = new HashMap<>();

    private final Set<String> set = new HashSet<>();

    private Layer(Layer below) {
      this.below = below;
    }

    private void add(String name, boolean first) {
      for (Layer layer = this; layer != null; layer = layer.below) {
        if (layer.setFirst.containsKey(name)) {
          return;
        }
      }
      setFirst.put(name, first);
    }

    private boolean isSet(String name) {
      for (Layer layer = this; layer != null; layer = layer.below) {
        if (layer.set.contains(name)) {
          return true;
        }
      }
      return false;
    }
  }

  /** What the branches of an {@code if} do with names, each for itself. */
  final class Branches {
    /** Jinja counts {@code if}, all {@code elif} together, and {@code else}. */
    private static final int BRANCHES = 3;

    private final Layer before = current.top;
    private final Map<String, Boolean> added = new HashMap<>();
    private final Map<String, Integer> setBy = new HashMap<>();

    /** The next branch begins. */
    void begin() {
      current.top = new Layer(before);
    }

    /** The branch ends. */
    void end() {
      added.putAll(current.top.setFirst);
      for (String name : current.top.set) {
        if (!before.isSet(name)) {
          setBy.merge(name, 1, Integer::sum);
        }
      }
      current.top = before;
    }

    /** The {@code if} ends: what not all branches set may come from around. */
    void close() {
      setBy.forEach(
          (name, count) -> {
            if (count < BRANCHES) {
              added.put(name, false);
            }
          });
      added.forEach(before::add);
      before.set.addAll(setBy.keySet());
    }
  }

  private final List<Part> parts = new ArrayList<>();
  private Set<String> read = new HashSet<>();
  private Part current;

  /** A part opens within the current one. */
  Part open() {
    current = new Part(current);
    parts.add(current);
    return current;
  }

  /** The part whose text is being read. */
  Part current() {
    return current;
  }

  /** Goes on with a part that was left. */
  void reenter(Part part) {
    current = part;
  }

  /** Leaves the current part for the one around it. */
  void leave() {
    current = current.around;
  }

  /** Once all is read, it is known what each part hides. */
  void resolve() {
    parts.forEach(Part::resolve);
  }

  void read(String name) {
    read.add(name);
    current.top.add(name, false);
  }

  void set(String name) {
    current.top.set.add(name);
    current.top.add(name, true);
  }

  /** A name that has its value when the part begins. */
  void parameter(String name) {
    current.top.set.add(name);
    current.top.setFirst.put(name, false);
  }

  Branches branches() {
    return new Branches();
  }

  /** Names read from now on are added to {@code names}; gives those of before. */
  Set<String> swapRead(Set<String> names) {
    Set<String> old = read;
    read = names;
    return old;
  }
}
