package dev.mor4j.bindings.cuda;

/** Checks bounds before a call, because nothing behind the call does. */
final class Ranges {
  private Ranges() {}

  static void check(String what, long offset, long bytes, long size) {
    if (offset < 0 || bytes < 0 || offset > size - bytes) {
      throw new IndexOutOfBoundsException(
          "bytes [" + offset + ", " + offset + " + " + bytes + ") of " + what + " of " + size);
    }
  }

  static void positive(String what, long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException(what + " of " + bytes + " bytes");
    }
  }
}
