package dev.mor4j.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.CudaReport;
import dev.mor4j.runtime.CudaReport.Device;
import dev.mor4j.runtime.CudaReport.Library;
import dev.mor4j.runtime.CudaReport.Obstacle;
import dev.mor4j.runtime.ModelOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The doctor on GPUs: lines, JSON and advice are functions of a report. */
class GpuFactsTest {
  private static final ModelOptions CPU = ModelOptions.defaults();
  private static final ModelOptions GPU = CPU.withBackend(BackendChoice.CUDA);
  private static final String DRIVER = "NVRM version: 580.65.06";

  private static CudaReport without(Obstacle obstacle, boolean driver, List<Library> tried) {
    return CudaReport.builder()
        .driver(driver ? Optional.of(DRIVER) : Optional.empty())
        .tried(tried)
        .obstacle(Optional.of(obstacle))
        .build();
  }

  private static CudaReport with(Device... devices) {
    return CudaReport.builder()
        .available(true)
        .nativeAccess(true)
        .driver(Optional.of(DRIVER))
        .loaded(List.of(new Library("/usr/local/cuda/lib64/libcudart.so.13", "CUDA toolkit")))
        .driverVersion(Optional.of("13.1"))
        .runtimeVersion(Optional.of("13.0"))
        .devices(List.of(devices))
        .build();
  }

  private static final Device GOOD =
      new Device(0, "A GPU", "9.0", 132, 80L << 30, 79L << 30, Optional.empty());
  private static final Device BAD =
      new Device(1, "", "", 0, 0, 0, Optional.of("CudaException: no answer"));

  @Test
  void devicesHaveALineEach() {
    assertThat(new GpuFacts(with(GOOD, BAD)).lines())
        .containsExactly(
            "GPU:      device 0: A GPU, compute capability 9.0, 132 multiprocessors, 80.00 GiB of"
                + " memory, 79.00 GiB free",
            "          device 1: does not answer: CudaException: no answer",
            "          CUDA 13.0, driver for 13.1",
            "          /usr/local/cuda/lib64/libcudart.so.13: CUDA toolkit");
  }

  @Test
  void longFailuresAreFolded() {
    StringBuilder places = new StringBuilder("in none of /first (how)");
    List<Library> tried = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      places.append(", /usr/lib/place-").append(i).append(" (CUDA toolkit)");
      tried.add(new Library("/old/libcudart.so." + i, "too old"));
    }
    tried.add(new Library("libcublasLt.so.13", places.toString()));
    GpuFacts facts = new GpuFacts(without(Obstacle.LIBRARIES, true, tried));
    List<String> lines = facts.lines();
    assertThat(lines.getFirst()).startsWith("GPU:      none: CUDA's libraries");
    assertThat(lines).hasSizeLessThan(13).allMatch(line -> line.length() <= 110);
    assertThat(String.join("\n", lines))
        .contains(DRIVER, "27 files more", "tried libcublasLt.so.13: in none of /first (how)")
        .contains("lines more, which --json has", "--enable-native-access=dev.mor4j.bindings")
        .doesNotContain("place-29");
    assertThat(facts.json().toString()).contains("place-29", "/old/libcudart.so.0", "libraries");
  }

  /** A driver without what else is needed is worth a word; a machine without one is not. */
  @ParameterizedTest
  @CsvSource({
    "SWITCHED_OFF, say none",
    "LIBRARIES, MOR4J_CUDA_PATH",
    "DEVICE, 580 or newer",
    "KERNELS, MOR4J_CUDA_LIBRARY"
  })
  void whatIsMissingIsAdvised(Obstacle obstacle, String remedy) {
    List<Library> tried = List.of(new Library("libcublasLt.so.13", "not there"));
    CudaReport driver = without(obstacle, true, tried);
    assertThat(GpuAdvice.of(driver, CPU)).hasSize(1);
    Advice advice = GpuAdvice.of(driver, CPU).getFirst();
    assertThat(advice.fact()).contains("there is a driver of NVIDIA");
    assertThat(advice.remedy()).contains(remedy);
    if (obstacle == Obstacle.LIBRARIES) {
      assertThat(advice.fact()).contains("libcublasLt.so.13 cannot be loaded");
    }
    CudaReport none = without(obstacle, false, tried);
    assertThat(GpuAdvice.of(none, CPU)).isEmpty();
    assertThat(GpuAdvice.of(none, GPU)).hasSize(1);
    assertThat(GpuAdvice.of(none, GPU).getFirst().fact()).contains("--backend cuda, and CUDA");
  }

  @Test
  void aGpuThatIsIdleIsAdvised() {
    assertThat(GpuAdvice.of(with(BAD), CPU)).isEmpty();
    assertThat(GpuAdvice.of(with(GOOD), GPU)).isEmpty();
    assertThat(GpuAdvice.of(with(GOOD), CPU).getFirst().line())
        .contains("A GPU", "--backend cuda --device 0");
  }
}
