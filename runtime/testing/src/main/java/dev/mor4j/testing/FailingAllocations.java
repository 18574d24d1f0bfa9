package dev.mor4j.testing;

import java.io.IOException;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Allocations of memory off the heap that fail when a test asks for it, in a JVM that {@link
 * TestJvm#withFailingAllocations} started: arenas and what they allocate by {@link
 * OutOfMemoryError}, files that are opened, read or mapped by {@link IOException}. Counts the
 * arenas that are open, too. Any thread.
 */
public final class FailingAllocations {
  /** What messages of injected failures begin with. */
  public static final String MESSAGE = "injected: ";

  private static final AtomicLong CALLS = new AtomicLong();
  private static final Set<Object> OPEN =
      Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));
  private static volatile long failing;
  private static volatile String failed;

  private FailingAllocations() {}

  /** Counts from 1 again and fails at allocation {@code call}; 0 for none. */
  public static void arm(long call) {
    failed = null;
    CALLS.set(0);
    failing = call;
  }

  /** Allocations since it was armed. */
  public static long calls() {
    return CALLS.get();
  }

  /** Where it failed since it was armed; null where it did not. */
  public static String failed() {
    return failed;
  }

  /** Arenas that are open. */
  public static int openArenas() {
    return OPEN.size();
  }

  /** Called by instrumented code. */
  public static void beforeAllocation(String place) {
    if (fails(place)) {
      throw new OutOfMemoryError(MESSAGE + place);
    }
  }

  /** Called by instrumented code. */
  public static void beforeFile(String place) throws IOException {
    if (fails(place)) {
      throw new IOException(MESSAGE + place);
    }
  }

  /** Called by instrumented code. */
  public static void opened(Object arena) {
    OPEN.add(arena);
  }

  /** Called by instrumented code; some arenas are ours, around others. */
  public static void closing(Object arena) {
    OPEN.remove(arena);
  }

  private static boolean fails(String place) {
    if (CALLS.incrementAndGet() != failing) {
      return false;
    }
    failed = place;
    return true;
  }
}
