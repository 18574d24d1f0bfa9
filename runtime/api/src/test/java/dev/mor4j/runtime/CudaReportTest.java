package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.CudaReport.Library;
import dev.mor4j.runtime.CudaReport.Obstacle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaReportTest {
  private static final Library RUNTIME = new Library("/cuda/libcudart.so.13", "CUDA toolkit");
  private static final Library LT = new Library("/cuda/libcublasLt.so.13", "CUDA toolkit");
  private static final Library BLAS = new Library("/cuda/libcublas.so.13", "CUDA toolkit");

  @Test
  void tellsOfTheEmulatedDevice() {
    CudaReport report = CudaReport.read();
    assertThat(report.available()).as("%s", report).isTrue();
    assertThat(report.emulated()).isTrue();
    assertThat(report.obstacle()).isEmpty();
    assertThat(report.loaded()).hasSize(1);
    assertThat(report.loaded().getFirst().file()).contains("mor4j_cuda_emulated");
    assertThat(report.loaded().getFirst().note()).contains("emulates CUDA");
    assertThat(report.runtimeVersion().orElseThrow()).matches("\\d+\\.\\d+");
    assertThat(report.driverVersion()).isPresent();
    CudaReport.Device device = report.device(0).orElseThrow();
    assertThat(device.problem()).isEmpty();
    assertThat(device.name()).isNotBlank();
    assertThat(device.computeCapability()).matches("\\d+\\.\\d+");
    assertThat(device.multiprocessors()).isPositive();
    assertThat(device.freeBytes()).isBetween(1L, device.totalBytes());
    assertThat(report.device(report.devices().size())).isEmpty();
  }

  /** What was loaded, what failed last, and what that means. */
  @Test
  void findsWhatIsMissing() {
    Library off = new Library("CUDA", "switched off by mor4j.cuda.path or MOR4J_CUDA_PATH");
    assertThat(CudaReport.obstacle(List.of(), List.of(off))).isEqualTo(Obstacle.SWITCHED_OFF);
    Library nowhere = new Library("libcublasLt.so.13", "in none of /usr/lib (system)");
    assertThat(CudaReport.obstacle(List.of(), List.of(nowhere))).isEqualTo(Obstacle.LIBRARIES);
    Library old = new Library("/a/libcublasLt.so.12", "system: of CUDA 12; 13 or newer is needed");
    assertThat(CudaReport.obstacle(List.of(RUNTIME), List.of(old))).isEqualTo(Obstacle.LIBRARIES);
    Library driver = new Library(RUNTIME.file(), "cudaGetDeviceCount: insufficient driver");
    assertThat(CudaReport.obstacle(List.of(RUNTIME), List.of(old, driver)))
        .isEqualTo(Obstacle.DEVICE);
    Library packed = new Library("native/linux-x86_64/libmor4j_cuda.so", "not in the jar");
    assertThat(CudaReport.obstacle(List.of(RUNTIME, LT, BLAS), List.of(packed)))
        .isEqualTo(Obstacle.KERNELS);
    Library named = new Library("/a/kernels.so", "named by option: no such file");
    assertThat(CudaReport.obstacle(List.of(), List.of(named))).isEqualTo(Obstacle.KERNELS);
  }

  @Test
  void readsWhatTheDriverSays(@TempDir Path dir) throws IOException {
    assertThat(CudaReport.driver(dir.resolve("none"))).isEmpty();
    Path file = Files.writeString(dir.resolve("version"), "NVRM version: 580.65.06\nGCC\n");
    assertThat(CudaReport.driver(file)).contains("NVRM version: 580.65.06");
    assertThat(CudaReport.driver(Files.writeString(file, ""))).isEmpty();
  }
}
