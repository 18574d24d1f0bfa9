package dev.mor4j.fuzz;

/** Reads what others wrote; throws what it declares, or the input is a finding. */
@FunctionalInterface
public interface Reader {
  /** Reads {@code input}. */
  void read(byte[] input) throws Exception;
}
