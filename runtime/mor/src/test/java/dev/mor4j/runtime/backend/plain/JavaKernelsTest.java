package dev.mor4j.runtime.backend.plain;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The oracle against values from tables. */
class JavaKernelsTest {
  @Test
  void erfAgreesWithTables() {
    double[][] table = {
      {0, 0},
      {0.1, 0.1124629160182849},
      {0.5, 0.5204998778130465},
      {1, 0.8427007929497149},
      {2, 0.9953222650189527},
      {2.9999, 0.9999778955735},
      {3.0001, 0.9999779234},
      {3.5, 0.9999992569016276},
      {5, 0.9999999999984626},
      {7, 1}
    };
    for (double[] row : table) {
      assertThat(JavaKernels.erf(row[0]))
          .isCloseTo(row[1], org.assertj.core.data.Offset.offset(2e-9));
      assertThat(JavaKernels.erf(-row[0])).isEqualTo(-JavaKernels.erf(row[0]));
    }
    assertThat(JavaKernels.erf(Double.NaN)).isNaN();
  }

  @Test
  void siluAndGeluAgreeWithTables() {
    assertThat(JavaKernels.silu(1)).isEqualTo(0.7310586f);
    assertThat(JavaKernels.silu(-200)).isZero();
    assertThat(JavaKernels.gelu(1))
        .isCloseTo(0.8413447f, org.assertj.core.data.Offset.offset(1e-7f));
    assertThat(JavaKernels.gelu(-10)).isCloseTo(0f, org.assertj.core.data.Offset.offset(1e-20f));
  }
}
