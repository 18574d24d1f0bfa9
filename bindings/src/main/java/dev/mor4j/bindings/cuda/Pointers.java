package dev.mor4j.bindings.cuda;

import java.lang.foreign.MemorySegment;

/** The one place where a device address becomes what a C structure calls a pointer. */
public final class Pointers {
  private Pointers() {}

  /** The address as a segment of no bytes, which nothing can be read from. */
  public static MemorySegment of(long address) {
    return MemorySegment.ofAddress(address);
  }
}
