package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaDevice;
import dev.mor4j.bindings.cuda.library.CudaAttempt;
import dev.mor4j.bindings.cuda.library.CudaLibraries;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What there is of CUDA on this machine, as values. The first question loads the libraries; nothing
 * here throws. Any thread.
 */
public final class CudaMachine {
  /**
   * A library file.
   *
   * @param file the file, or names of libraries that were found nowhere
   * @param note where it was found, or why it was not loaded
   */
  public record Library(String file, String note) {}

  /**
   * A GPU.
   *
   * @param ordinal its number among those that CUDA shows
   * @param name its maker's name for it
   * @param computeCapability such as {@code 9.0}
   * @param multiprocessors SMs
   * @param totalBytes memory
   * @param freeBytes of it, now
   * @param problem why it does not answer, and the rest is empty or 0; empty where it does
   */
  public record Device(
      int ordinal,
      String name,
      String computeCapability,
      int multiprocessors,
      long totalBytes,
      long freeBytes,
      Optional<String> problem) {}

  private CudaMachine() {}

  /** Whether models can be opened on a GPU. */
  public static boolean isAvailable() {
    return CudaLibraries.instance().isAvailable();
  }

  /** Whether the GPU is emulated on the CPU, for tests. */
  public static boolean isEmulated() {
    return CudaLibraries.instance().isEmulated();
  }

  /** Whether the JVM was told that mor4j may make native calls. */
  public static boolean isNativeAccessEnabled() {
    return CudaLibraries.isNativeAccessEnabled();
  }

  /** Libraries that were loaded, in order; the note says where they were found. */
  public static List<Library> loaded() {
    return libraries(CudaLibraries.instance().loaded());
  }

  /** Libraries that were not loaded, in order; the note says why. */
  public static List<Library> tried() {
    return libraries(CudaLibraries.instance().tried());
  }

  private static List<Library> libraries(List<CudaAttempt> attempts) {
    return attempts.stream().map(each -> new Library(each.file(), each.reason())).toList();
  }

  /** The newest CUDA that the driver supports: 13000 is 13.0; 0 where nobody was asked. */
  public static int driverVersion() {
    return CudaLibraries.instance().driverVersion();
  }

  /** The version of the CUDA runtime that was loaded: 13000 is 13.0; 0 where none was. */
  public static int runtimeVersion() {
    return CudaLibraries.instance().runtimeVersion();
  }

  /** The GPUs, by ordinal; none where CUDA is not available. */
  public static List<Device> devices() {
    List<Device> devices = new ArrayList<>();
    int count = isAvailable() ? CudaLibraries.instance().deviceCount() : 0;
    for (int ordinal = 0; ordinal < count; ordinal++) {
      devices.add(device(ordinal));
    }
    return devices;
  }

  private static Device device(int ordinal) {
    try (CudaContext context = new CudaContext(ordinal)) {
      CudaDevice device = context.device();
      return new Device(
          ordinal,
          device.name(),
          device.computeCapability(),
          device.multiprocessors(),
          device.totalBytes(),
          context.freeBytes(),
          Optional.empty());
    } catch (RuntimeException e) {
      return new Device(ordinal, "", "", 0, 0, 0, Optional.of(String.valueOf(e)));
    }
  }
}
