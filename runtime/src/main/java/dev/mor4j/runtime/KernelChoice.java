package dev.mor4j.runtime;

import java.util.Locale;

/** Which kernels compute a model. */
public enum KernelChoice {
  /**
   * The most able native ones that this CPU runs; plain Java, with the reason said, where no native
   * library fits.
   */
  AUTO,
  /** Native, with AVX-512. */
  AVX512,
  /** Native, with AVX2 and FMA. */
  AVX2,
  /** Native, for any CPU. */
  PORTABLE,
  /** Plain Java: slow, and the oracle of the others. */
  JAVA;

  /** The name on a command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
