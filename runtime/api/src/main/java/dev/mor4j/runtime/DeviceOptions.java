package dev.mor4j.runtime;

import dev.mor4j.runtime.numbers.ActivationType;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * How a model is computed on a GPU. Immutable: a {@code with…} method gives options that differ in
 * one value.
 */
public final class DeviceOptions {
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

  /** The values by name, at first the defaults; never changed once options have them. */
  private static final class Values {
    int ordinal = 0;
    Numbers numbers = Numbers.AUTO;

    Values copy() {
      Values copy = new Values();
      copy.ordinal = ordinal;
      copy.numbers = numbers;
      return copy;
    }
  }

  private final Values values;

  private DeviceOptions(Values values) {
    Options.require(values.ordinal >= 0, "device", values.ordinal, "0 or more");
    this.values = values;
  }

  /** The first GPU, numbers as the weights are. */
  public static DeviceOptions defaults() {
    return new DeviceOptions(new Values());
  }

  private DeviceOptions with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new DeviceOptions(changed);
  }

  /** Which of the machine's GPUs, from 0. */
  public int ordinal() {
    return values.ordinal;
  }

  /** Number type of activations, and of weights that are not int8. */
  public Numbers numbers() {
    return values.numbers;
  }

  /** These options with another {@link #ordinal()}. */
  public DeviceOptions withOrdinal(int value) {
    return with(changed -> changed.ordinal = value);
  }

  /** These options with another {@link #numbers()}. */
  public DeviceOptions withNumbers(Numbers value) {
    Objects.requireNonNull(value, "value");
    return with(changed -> changed.numbers = value);
  }

  private Map<String, Object> named() {
    return Options.named(
        "ordinal", values.ordinal,
        "numbers", values.numbers);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DeviceOptions options && named().equals(options.named());
  }

  @Override
  public int hashCode() {
    return named().hashCode();
  }

  @Override
  public String toString() {
    return Options.text(DeviceOptions.class, named());
  }
}
