package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;
import java.util.Locale;

/**
 * Instruction sets that the kernels are compiled for, from the least to the most able; {@code
 * mor4j_isa}.
 */
public enum Isa {
  PORTABLE(Mor4jNative.MOR4J_ISA_PORTABLE()),
  AVX2(Mor4jNative.MOR4J_ISA_AVX2()),
  AVX512(Mor4jNative.MOR4J_ISA_AVX512()),
  /** And dot products of int8. */
  AVX512_VNNI(Mor4jNative.MOR4J_ISA_AVX512_VNNI()),
  /** And dot products of pairs of bfloat16. */
  AVX512_BF16(Mor4jNative.MOR4J_ISA_AVX512_BF16());

  private final int code;

  Isa(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static Isa of(int code) {
    for (Isa isa : values()) {
      if (isa.code == code) {
        return isa;
      }
    }
    throw new IllegalStateException("the native library names an unknown instruction set: " + code);
  }

  /**
   * The instruction set that options and reports call {@code label}.
   *
   * @throws IllegalArgumentException when there is none
   */
  public static Isa ofLabel(String label) {
    for (Isa isa : values()) {
      if (isa.label().equals(label)) {
        return isa;
      }
    }
    throw new IllegalArgumentException("there are no native kernels called " + label);
  }

  /** The name as options and reports give it: {@code avx512-vnni}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
