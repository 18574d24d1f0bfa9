package dev.mor4j.bindings.cuda.library;

import dev.mor4j.bindings.cuda.status.CudaStatus;
import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import dev.mor4j.bindings.generated.cuda.Mor4jCuda;
import dev.mor4j.bindings.library.NativeLibraries;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * CUDA's libraries and our kernels, loaded once for a JVM.
 *
 * <p>CUDA's own (libcudart, libcublasLt, libcublas, of CUDA 13 or newer) are looked for in this
 * order: the folders named by the system property {@value #PATH_PROPERTY}, those named by the
 * environment variable {@value #PATH_VARIABLE}, {@code lib64} of {@code CUDA_HOME} and {@code
 * CUDA_PATH}, the loader's own folders, {@code /usr/local/cuda*} (the newest first), the system's
 * folder, the folders of Python wheels. The kernels are the file named by {@value
 * #LIBRARY_PROPERTY} or {@value #LIBRARY_VARIABLE}, else the library packed for this platform in
 * the {@code mor4j-native} jar. {@code none} in place of a folder or file switches CUDA off. A
 * kernels' library that emulates CUDA needs no other.
 *
 * <p>Nothing throws: what was tried and why it failed is kept and shown. Any thread.
 */
public final class CudaLibraries {
  /** System property: folders of CUDA's libraries, or {@code none}. */
  public static final String PATH_PROPERTY = "mor4j.cuda.path";

  /** Environment variable with the same meaning. */
  public static final String PATH_VARIABLE = "MOR4J_CUDA_PATH";

  /** System property: the file of the kernels, or {@code none}. */
  public static final String LIBRARY_PROPERTY = "mor4j.cuda.library";

  /** Environment variable with the same meaning. */
  public static final String LIBRARY_VARIABLE = "MOR4J_CUDA_LIBRARY";

  private static final int OLDEST_RUNTIME = 13000;

  private static final CudaLoading.Checks LOADED = new LoadedSymbols();
  private static final CudaLibraries INSTANCE = load();

  private final List<CudaAttempt> loaded;
  private final List<CudaAttempt> tried;
  private final boolean available;
  private final boolean emulated;
  private final int driverVersion;
  private final int runtimeVersion;
  private final int deviceCount;

  /** Takes what was loaded, and asks it what it is. */
  private CudaLibraries(CudaLoading loading, boolean available) {
    this.loaded = loading.loaded();
    this.tried = loading.tried();
    this.available = available;
    this.emulated = LOADED.isEmulated();
    boolean runtime = missing(CudaSymbols.RUNTIME).isEmpty();
    this.driverVersion = runtime ? number(CudaRuntime::cudaDriverGetVersion) : 0;
    this.runtimeVersion = runtime ? number(CudaRuntime::cudaRuntimeGetVersion) : 0;
    this.deviceCount = available ? number(CudaRuntime::cudaGetDeviceCount) : 0;
  }

  /** The libraries of this JVM; the first call loads them. */
  public static CudaLibraries instance() {
    return INSTANCE;
  }

  /** Whether the JVM was told that this module may make native calls. */
  public static boolean isNativeAccessEnabled() {
    return NativeLibraries.isNativeAccessEnabled();
  }

  /** Whether all are loaded and fit, and there is a device. */
  public boolean isAvailable() {
    return available;
  }

  /** Whether the kernels run on the CPU, in a library that emulates CUDA for tests. */
  public boolean isEmulated() {
    return emulated;
  }

  /** What was loaded; or, where CUDA is not available, all that was tried and why it failed. */
  public String description() {
    if (available) {
      return (emulated ? "emulated CUDA " : "CUDA ")
          + text(runtimeVersion)
          + ", driver for "
          + text(driverVersion)
          + "; "
          + joined(loaded);
    }
    return joined(tried) + (loaded.isEmpty() ? "" : "; loaded before: " + joined(loaded));
  }

  /** Every failure, in order; some are normal where a later file was loaded. */
  public List<CudaAttempt> tried() {
    return tried;
  }

  /** What was loaded, in order; the reason says where it was found. */
  public List<CudaAttempt> loaded() {
    return loaded;
  }

  /** Devices that the CUDA runtime shows. */
  public int deviceCount() {
    return deviceCount;
  }

  /** The newest CUDA that the driver supports: 13000 is 13.0; 0 without a driver. */
  public int driverVersion() {
    return driverVersion;
  }

  /** The CUDA runtime's version: 13000 is 13.0; 0 where none was loaded. */
  public int runtimeVersion() {
    return runtimeVersion;
  }

  public void requireAvailable() {
    if (!available) {
      throw new IllegalStateException("no CUDA: " + description());
    }
  }

  private static CudaLibraries load() {
    CudaSearch search = new CudaSearch(System::getProperty, System::getenv, Path.of("/"));
    CudaLoading loading = new CudaLoading(search, NativeLibraries::load, LOADED);
    boolean complete = loading.loadAll();
    return new CudaLibraries(loading, complete);
  }

  /** Asks what is loaded, by its symbols. */
  private static final class LoadedSymbols implements CudaLoading.Checks {
    @Override
    public boolean isEmulated() {
      return has("cudaMalloc")
          && has("mor4j_cuda_is_emulated")
          && Mor4jCuda.mor4j_cuda_is_emulated() != 0;
    }

    @Override
    public Optional<String> runtimeProblem() {
      Optional<String> missing = missing(CudaSymbols.RUNTIME);
      if (missing.isPresent()) {
        return missing;
      }
      int version = number(CudaRuntime::cudaRuntimeGetVersion);
      if (version < OLDEST_RUNTIME) {
        return Optional.of(
            "CUDA runtime " + text(version) + ", expected " + text(OLDEST_RUNTIME) + " or newer");
      }
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
        int status = CudaRuntime.cudaGetDeviceCount(out);
        if (status != CudaRuntime.cudaSuccess()) {
          return Optional.of(noDevice(status));
        }
        return out.get(ValueLayout.JAVA_INT, 0) > 0
            ? Optional.empty()
            : Optional.of("cudaGetDeviceCount: no device");
      }
    }

    @Override
    public Optional<String> kernelsProblem() {
      if (!has("mor4j_cuda_abi_version")) {
        return Optional.of("not a library of mor4j's CUDA kernels");
      }
      int version = Mor4jCuda.mor4j_cuda_abi_version();
      if (version != Mor4jCuda.MOR4J_CUDA_ABI_VERSION()) {
        return Optional.of(
            "has ABI version " + version + ", expected " + Mor4jCuda.MOR4J_CUDA_ABI_VERSION());
      }
      return missing(CudaSymbols.OTHERS);
    }
  }

  private static String noDevice(int status) {
    String text = CudaStatus.failure("cudaGetDeviceCount", status, 0).getMessage();
    return status == CudaRuntime.cudaErrorInsufficientDriver()
        ? text + "; the NVIDIA driver is missing or too old"
        : text;
  }

  private static Optional<String> missing(List<String> symbols) {
    return symbols.stream()
        .filter(symbol -> !has(symbol))
        .reduce((all, symbol) -> all + ", " + symbol)
        .map(missing -> "neither this nor the libraries before it have " + missing);
  }

  private static boolean has(String symbol) {
    return SymbolLookup.loaderLookup().find(symbol).isPresent();
  }

  /** A number that a function writes; 0 where it fails. */
  private static int number(ToIntFunction<MemorySegment> function) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
      int status = function.applyAsInt(out);
      return status == CudaRuntime.cudaSuccess() ? out.get(ValueLayout.JAVA_INT, 0) : 0;
    }
  }

  private static String text(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  private static String joined(List<CudaAttempt> attempts) {
    return attempts.stream().map(CudaAttempt::toString).collect(Collectors.joining("; "));
  }
}
