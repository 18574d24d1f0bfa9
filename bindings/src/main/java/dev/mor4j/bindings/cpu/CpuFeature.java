package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** What a CPU and its operating system offer; {@code mor4j_cpu_feature}. */
public enum CpuFeature {
  AVX2(Mor4jNative.MOR4J_CPU_AVX2()),
  FMA(Mor4jNative.MOR4J_CPU_FMA()),
  /** F, BW, DQ and VL. */
  AVX512(Mor4jNative.MOR4J_CPU_AVX512()),
  AVX512_VNNI(Mor4jNative.MOR4J_CPU_AVX512_VNNI()),
  AVX512_BF16(Mor4jNative.MOR4J_CPU_AVX512_BF16()),
  AVX_VNNI(Mor4jNative.MOR4J_CPU_AVX_VNNI()),
  AMX_INT8(Mor4jNative.MOR4J_CPU_AMX_INT8()),
  AMX_BF16(Mor4jNative.MOR4J_CPU_AMX_BF16());

  private final int bit;

  CpuFeature(int bit) {
    this.bit = bit;
  }

  /** The name as reports give it: {@code avx512-vnni}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Set<CpuFeature> of(long bits) {
    Set<CpuFeature> features = EnumSet.noneOf(CpuFeature.class);
    for (CpuFeature feature : values()) {
      if ((bits & feature.bit) != 0) {
        features.add(feature);
      }
    }
    return features;
  }
}
