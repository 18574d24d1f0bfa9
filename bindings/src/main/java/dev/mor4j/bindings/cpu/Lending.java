package dev.mor4j.bindings.cpu;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Lends things that several use at the same time, one for each key: made for the first borrower,
 * destroyed when the last has given it back. Any thread.
 */
final class Lending<K, V> {
  private static final class Lent<V> {
    private V thing;
    private int borrowers;
  }

  private final Map<K, Lent<V>> lent = new HashMap<>();
  private final Function<K, V> make;
  private final Consumer<V> destroy;

  Lending(Function<K, V> make, Consumer<V> destroy) {
    this.make = make;
    this.destroy = destroy;
  }

  /** Lends the thing of {@code key}; to be given back once with {@link #giveBack}. */
  synchronized V borrow(K key) {
    Lent<V> found = lent.get(key);
    if (found == null) {
      // The place in the list first: a thing that found none would never be destroyed.
      found = new Lent<>();
      lent.put(key, found);
      try {
        found.thing = make.apply(key);
      } catch (RuntimeException | Error e) {
        lent.remove(key);
        throw e;
      }
    }
    found.borrowers++;
    return found.thing;
  }

  /** Takes back what was lent; its borrower uses it no more. */
  synchronized void giveBack(K key) {
    Lent<V> found = lent.get(key);
    found.borrowers--;
    if (found.borrowers == 0) {
      lent.remove(key);
      destroy.accept(found.thing);
    }
  }

  /** How many have borrowed the thing of {@code key}; 0 when there is none. */
  synchronized int borrowers(K key) {
    Lent<V> found = lent.get(key);
    return found == null ? 0 : found.borrowers;
  }
}
