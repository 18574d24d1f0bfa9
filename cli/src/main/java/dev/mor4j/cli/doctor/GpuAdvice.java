package dev.mor4j.cli.doctor;

import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.CudaReport;
import dev.mor4j.runtime.ModelOptions;
import java.util.List;
import java.util.Optional;

/** What keeps a GPU from being used, where there seems to be one or one was asked for. */
final class GpuAdvice {
  private GpuAdvice() {}

  static List<Advice> of(CudaReport cuda, ModelOptions options) {
    boolean asked = options.backend() == BackendChoice.CUDA;
    return (cuda.available() ? ofAvailable(cuda, asked) : ofMissing(cuda, asked)).stream().toList();
  }

  private static Optional<Advice> ofAvailable(CudaReport cuda, boolean asked) {
    if (cuda.emulated()) {
      return asked
          ? Optional.of(
              new Advice(
                  "the GPU is emulated on the CPU, for tests: no figure of it says how fast a GPU"
                      + " is",
                  "unset the system property mor4j.cuda.library and the variable"
                      + " MOR4J_CUDA_LIBRARY"))
          : Optional.empty();
    }
    return asked
        ? Optional.empty()
        : cuda.devices().stream()
            .filter(device -> device.problem().isEmpty())
            .findFirst()
            .map(
                device ->
                    new Advice(
                        "there is a GPU, " + device.name() + ", and the CPU computes",
                        "--backend cuda --device " + device.ordinal()));
  }

  private static Optional<Advice> ofMissing(CudaReport cuda, boolean asked) {
    if (cuda.driver().isEmpty() && !asked) {
      return Optional.empty();
    }
    String fact =
        (asked ? "--backend cuda" : "there is a driver of NVIDIA, so a GPU")
            + ", and CUDA cannot be used: ";
    return Optional.of(
        switch (cuda.obstacle().orElseThrow()) {
          case SWITCHED_OFF ->
              new Advice(
                  fact + "it is switched off",
                  "let no system property mor4j.cuda.path or mor4j.cuda.library, and no variable"
                      + " MOR4J_CUDA_PATH or MOR4J_CUDA_LIBRARY, say none");
          case LIBRARIES ->
              new Advice(
                  fact + cuda.tried().getLast().file() + " cannot be loaded",
                  "name the folder that has libcudart.so.13, libcublasLt.so.13 and libcublas.so.13"
                      + " in MOR4J_CUDA_PATH or -Dmor4j.cuda.path; the CUDA Toolkit 13 has them, as"
                      + " have the Python wheels nvidia-cuda-runtime and nvidia-cublas");
          case DEVICE ->
              new Advice(
                  fact + cuda.tried().getLast().note(),
                  "install a driver for CUDA 13 (580 or newer), and let this process see the GPU"
                      + " (docker run --gpus all, CUDA_VISIBLE_DEVICES)");
          case KERNELS ->
              new Advice(
                  fact + cuda.tried().getLast().file() + ": " + cuda.tried().getLast().note(),
                  "build mor4j where nvcc 13 is found, or name a libmor4j_cuda.so of this version"
                      + " in MOR4J_CUDA_LIBRARY or -Dmor4j.cuda.library");
        });
  }
}
