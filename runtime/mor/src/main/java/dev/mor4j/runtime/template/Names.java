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

    /** For each name of the part whether it was set first. */
    private Map<String, Boolean> setFirst = new HashMap<>();

    private Set<String> set = new HashSet<>();
    private List<String> hidden = List.of();

    private Part(Part around) {
      this.around = around;
    }

    /** Names that are undefined in this part until they are set, whatever is around it. */
    List<String> hidden() {
      return hidden;
    }

    private void resolve() {
      List<String> names = new ArrayList<>();
      setFirst.forEach(
          (name, first) -> {
            if (first && !isUsedAround(name)) {
              names.add(name);
            }
          });
      hidden = List.copyOf(names);
    }

    private boolean isUsedAround(String name) {
      for (Part part = around; part != null; part = part.around) {
        if (part.setFirst.containsKey(name)) {
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

    private final Map<String, Boolean> before = current.setFirst;
    private final Set<String> setBefore = current.set;
    private final Map<String, Boolean> after = new HashMap<>(before);
    private final Map<String, Integer> setBy = new HashMap<>();

    /** The next branch begins. */
    void begin() {
      current.setFirst = new HashMap<>(before);
      current.set = new HashSet<>(setBefore);
    }

    /** The branch ends. */
    void end() {
      after.putAll(current.setFirst);
      for (String name : current.set) {
        if (!setBefore.contains(name)) {
          setBy.merge(name, 1, Integer::sum);
        }
      }
    }

    /** The {@code if} ends: what not all branches set may come from around. */
    void close() {
      setBy.forEach(
          (name, count) -> {
            if (count < BRANCHES) {
              after.put(name, false);
            }
          });
      current.setFirst = after;
      current.set = new HashSet<>(setBefore);
      current.set.addAll(setBy.keySet());
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
    current.setFirst.putIfAbsent(name, false);
  }

  void set(String name) {
    current.set.add(name);
    current.setFirst.putIfAbsent(name, true);
  }

  /** A name that has its value when the part begins. */
  void parameter(String name) {
    current.set.add(name);
    current.setFirst.put(name, false);
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
