package dev.mor4j.runtime.numbers;

/** Number type of the activations of a backend, and of weights that are not quantised. */
public enum ActivationType {
  /** float32. */
  F32,
  /** bfloat16. */
  BF16,
  /** float16. */
  F16
}
