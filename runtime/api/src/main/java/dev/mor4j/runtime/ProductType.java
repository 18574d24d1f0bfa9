package dev.mor4j.runtime;

import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.packing.Packing;
import java.util.Locale;
import java.util.Optional;

/** Number type of the products that a weight matrix is multiplied with. */
public enum ProductType {
  /** Row-major matrices, bfloat16 ones too. */
  F32(WeightType.F32),
  /** Panels of bfloat16: in pairs where the CPU multiplies them, else in float32. */
  BF16(WeightType.BF16_PANELS),
  /** Panels of int8, with activations in int8. */
  INT8(WeightType.INT8_PANELS),
  /** Panels of int4, with activations in int8. */
  INT4(WeightType.INT4_PANELS);

  private final WeightType weights;

  ProductType(WeightType weights) {
    this.weights = weights;
  }

  WeightType weights() {
    return weights;
  }

  /** The products of matrices that are packed so, or row-major. */
  public static ProductType of(Optional<Packing> packing) {
    return packing.map(known -> valueOf(known.name())).orElse(F32);
  }

  /** Whether sums are of whole numbers; otherwise of floating-point ones. */
  public boolean isInteger() {
    return this == INT8 || this == INT4;
  }

  /** The name in reports: {@code int8}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
