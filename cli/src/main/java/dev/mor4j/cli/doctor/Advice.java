package dev.mor4j.cli.doctor;

/**
 * Something that keeps mor4j from being faster.
 *
 * @param fact what was found
 * @param remedy what to do about it
 */
public record Advice(String fact, String remedy) {
  /** For people. */
  String line() {
    return fact + " → " + remedy;
  }
}
