package dev.mor4j.runtime;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Where a model is computed. */
public enum BackendChoice {
  /** On the processors of the host, by the kernels that {@link KernelChoice} says. */
  CPU,
  /** On an NVIDIA GPU, with weights and caches in its memory. */
  CUDA;

  /** The name on a command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The choice that a command line calls {@code label}. */
  public static Optional<BackendChoice> find(String label) {
    return Arrays.stream(values())
        .filter(choice -> choice.label().equals(label.toLowerCase(Locale.ROOT)))
        .findFirst();
  }
}
