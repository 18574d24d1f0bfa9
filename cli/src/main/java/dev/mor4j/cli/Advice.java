package dev.mor4j.cli;

/**
 * Something that keeps mor4j from being faster.
 *
 * @param fact what was found
 * @param remedy what to do about it
 */
record Advice(String fact, String remedy) {
  /** For people. */
  String line() {
    return fact + " → " + remedy;
  }
}
