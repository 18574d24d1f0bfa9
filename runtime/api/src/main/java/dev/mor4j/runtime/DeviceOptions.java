package dev.mor4j.runtime;

import dev.mor4j.runtime.numbers.ActivationType;
import java.util.Objects;
import java.util.Optional;

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
    AUTO(Optional.empty()),
    /** Exact to rounding, without tensor cores. */
    F32(Optional.of(ActivationType.F32)),
    /** bfloat16. */
    BF16(Optional.of(ActivationType.BF16)),
    /** float16. */
    F16(Optional.of(ActivationType.F16));

    private final Optional<ActivationType> type;

    Numbers(Optional<ActivationType> type) {
      this.type = type;
    }

    /** What is asked for; empty where the weights decide. */
    Optional<ActivationType> type() {
      return type;
    }
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
