package dev.mor4j.runtime;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Which kernels compute a model. */
public enum KernelChoice {
  /**
   * The most able native ones that this CPU runs; plain Java, with the reason said, where no native
   * library fits.
   */
  AUTO,
  /** Native, with AVX-512 and its dot products of int8 (VNNI) and of bfloat16. */
  AVX512_BF16,
  /** Native, with AVX-512 and its dot products of int8 (VNNI). */
  AVX512_VNNI,
  /** Native, with AVX-512 (F, BW, DQ, VL). */
  AVX512,
  /** Native, with AVX2 and FMA. */
  AVX2,
  /** Native, for any CPU. */
  PORTABLE,
  /** Plain Java: slow, and the oracle of the others. */
  JAVA;

  /** The name on a command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The choice that a command line calls {@code label}. */
  public static Optional<KernelChoice> find(String label) {
    return Arrays.stream(values())
        .filter(choice -> choice.label().equals(label.toLowerCase(Locale.ROOT)))
        .findFirst();
  }
}
