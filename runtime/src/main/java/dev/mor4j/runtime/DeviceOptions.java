package dev.mor4j.runtime;

import java.util.Objects;

/**
 * How a model is computed on a GPU.
 *
 * @param ordinal which of the machine's GPUs, from 0
 * @param numbers number type of activations, and of weights that are not int8
 */
public record DeviceOptions(int ordinal, Numbers numbers) {
  /** Number types. */
  public enum Numbers {
    /** float32 where the weights are float32, else bfloat16. */
    AUTO,
    /** Exact to rounding, without tensor cores. */
    F32,
    BF16,
    F16
  }

  /** The first GPU, numbers as the weights are. */
  public static DeviceOptions defaults() {
    return new DeviceOptions(0, Numbers.AUTO);
  }

  public DeviceOptions {
    Objects.requireNonNull(numbers, "numbers");
    if (ordinal < 0) {
      throw new IllegalArgumentException("device is " + ordinal + ", expected 0 or more");
    }
  }
}
