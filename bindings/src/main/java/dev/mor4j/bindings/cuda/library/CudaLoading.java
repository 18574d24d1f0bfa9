package dev.mor4j.bindings.cuda.library;

import dev.mor4j.bindings.library.NativeLibraries;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Loads what {@link CudaSearch} finds, in the order of what needs what: the runtime, cuBLASLt,
 * cuBLAS, our kernels. Keeps what was loaded and every failure. One thread, once.
 */
final class CudaLoading {
  /** cuBLAS needs cuBLASLt, which is taken from the same search, not from the loader's. */
  private static final List<String> LIBRARIES = List.of("libcudart", "libcublasLt", "libcublas");

  private static final String RUNTIME = LIBRARIES.getFirst();
  private static final String NAMED = "named by option";

  private static final String KERNELS = "mor4j_cuda";

  /** What can be said only of what has been loaded. */
  interface Checks {
    /** Whether the kernels' library that was loaded is CUDA itself as well. */
    boolean isEmulated();

    /** Why the CUDA runtime that was loaded is of no use; empty where it is, and has a device. */
    Optional<String> runtimeProblem();

    /** Why the kernels that were loaded are of no use; empty where they are. */
    Optional<String> kernelsProblem();
  }

  private final CudaSearch search;
  private final Function<Path, Optional<String>> load;
  private final Checks checks;
  private final List<CudaAttempt> loaded = new ArrayList<>();
  private final List<CudaAttempt> tried = new ArrayList<>();

  /**
   * @param load loads a file; says why it could not be
   */
  CudaLoading(CudaSearch search, Function<Path, Optional<String>> load, Checks checks) {
    this.search = search;
    this.load = load;
    this.checks = checks;
  }

  /** Loads everything; whether all of it is there and of use. */
  boolean loadAll() {
    Optional<String> named =
        search.setting(CudaLibraries.LIBRARY_PROPERTY, CudaLibraries.LIBRARY_VARIABLE);
    if (named.filter("none"::equals).isPresent()) {
      return switchedOff(CudaLibraries.LIBRARY_PROPERTY, CudaLibraries.LIBRARY_VARIABLE);
    }
    if (named.isEmpty()) {
      return loadCuda() && loadPackedKernels();
    }
    Path file;
    try {
      file = Path.of(named.get()).toAbsolutePath();
    } catch (InvalidPathException e) {
      return failed(named.get(), NAMED + ": " + e.getMessage());
    }
    if (!Files.isRegularFile(file)) {
      return failed(file.toString(), NAMED + ": no such file");
    }
    // The emulated one loads by itself. Where this fails for want of CUDA's own libraries, it is
    // tried again after them, and that failure is the one to report.
    if (load.apply(file).isEmpty() && checks.isEmulated()) {
      succeeded(file, NAMED + ", emulates CUDA");
      return fits(file, checks.runtimeProblem()) && fits(file, checks.kernelsProblem());
    }
    return loadCuda() && loadNamedKernels(file);
  }

  /** What was loaded, in order; the reason is where it was found. */
  List<CudaAttempt> loaded() {
    return List.copyOf(loaded);
  }

  /** What failed, in order. */
  List<CudaAttempt> tried() {
    return List.copyOf(tried);
  }

  private boolean loadCuda() {
    if (search.isOff()) {
      return switchedOff(CudaLibraries.PATH_PROPERTY, CudaLibraries.PATH_VARIABLE);
    }
    Map<String, List<CudaSearch.Found>> files = new LinkedHashMap<>();
    LIBRARIES.forEach(library -> files.put(library, search.files(library)));
    String missing =
        LIBRARIES.stream()
            .filter(library -> files.get(library).isEmpty())
            .map(library -> library + ".so." + CudaSearch.OLDEST_MAJOR)
            .collect(Collectors.joining(", "));
    if (!missing.isEmpty()) {
      return failed(
          missing,
          "in none of "
              + search.places().stream()
                  .map(place -> place.folder() + " (" + place.how() + ")")
                  .collect(Collectors.joining(", ")));
    }
    for (String library : LIBRARIES) {
      Optional<Path> file = loadFirst(files.get(library));
      if (file.isEmpty()) {
        return false;
      }
      // Without a driver there is no need for the hundreds of megabytes of cuBLAS.
      if (library.equals(RUNTIME) && !fits(file.get(), checks.runtimeProblem())) {
        return false;
      }
    }
    return true;
  }

  /** Loads the first of the files that can be. */
  private Optional<Path> loadFirst(List<CudaSearch.Found> files) {
    for (CudaSearch.Found found : files) {
      Optional<String> reason =
          found.isTooOld()
              ? Optional.of("of CUDA " + found.major() + "; 13 or newer is needed")
              : load.apply(found.file());
      if (reason.isEmpty()) {
        succeeded(found.file(), found.how());
        return Optional.of(found.file());
      }
      failed(found.file().toString(), found.how() + ": " + reason.get());
    }
    return Optional.empty();
  }

  private boolean loadNamedKernels(Path file) {
    Optional<String> reason = load.apply(file);
    if (reason.isPresent()) {
      return failed(file.toString(), NAMED + ": " + reason.get());
    }
    succeeded(file, NAMED);
    return fits(file, checks.kernelsProblem());
  }

  private boolean loadPackedKernels() {
    String name = NativeLibraries.packedName(KERNELS);
    Optional<String> reason =
        NativeLibraries.withPacked(
            KERNELS,
            CudaLibraries.LIBRARY_PROPERTY,
            file -> load.apply(file).or(checks::kernelsProblem));
    return reason.isEmpty()
        ? loaded.add(new CudaAttempt(name, "packed"))
        : failed(name, reason.get());
  }

  private boolean fits(Path file, Optional<String> problem) {
    return problem.isEmpty() || failed(file.toString(), problem.get());
  }

  private boolean switchedOff(String property, String variable) {
    return failed("CUDA", "switched off by " + property + " or " + variable);
  }

  private void succeeded(Path file, String how) {
    loaded.add(new CudaAttempt(file.toString(), how));
  }

  private boolean failed(String file, String reason) {
    tried.add(new CudaAttempt(file, reason));
    return false;
  }
}
