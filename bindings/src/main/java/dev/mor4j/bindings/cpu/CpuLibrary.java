package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;
import dev.mor4j.bindings.library.NativeLibraries;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * The native library of CPU kernels, loaded once for a JVM. Looked for in this order: the file
 * named by the system property {@value #PROPERTY}, the file named by the environment variable
 * {@value #VARIABLE}, then the library packed for this platform in the {@code mor4j-native} jar.
 * What was tried and why it failed is kept and shown.
 */
public final class CpuLibrary {
  /** System property that names a library file, or {@code none} for no library at all. */
  public static final String PROPERTY = "mor4j.native.library";

  /** Environment variable with the same meaning. */
  public static final String VARIABLE = "MOR4J_NATIVE_LIBRARY";

  private static final CpuLibrary INSTANCE = load();

  private final boolean available;
  private final String description;

  private CpuLibrary(boolean available, String description) {
    this.available = available;
    this.description = description;
  }

  /** The library of this JVM; the first call loads it. */
  public static CpuLibrary instance() {
    return INSTANCE;
  }

  /** Whether the kernels can be called. */
  public boolean isAvailable() {
    return available;
  }

  /** Which file was loaded; or, where none was, everything that was tried and why it failed. */
  public String description() {
    return description;
  }

  /**
   * What {@value #PROPERTY} or {@value #VARIABLE} says, if one of them says something: a file, or
   * {@code none}.
   */
  public static Optional<String> named() {
    return NativeLibraries.setting(PROPERTY, VARIABLE);
  }

  /** Whether the JVM was told that this module may make native calls. */
  public static boolean isNativeAccessEnabled() {
    return NativeLibraries.isNativeAccessEnabled();
  }

  /**
   * The most able instruction set that the library has kernels for and this CPU can run; every
   * lesser one runs too.
   *
   * @throws IllegalStateException when there is no library
   */
  public Isa bestIsa() {
    requireAvailable();
    return Isa.of(Mor4jNative.mor4j_best_isa());
  }

  /**
   * What this CPU and its operating system offer, whatever the library has kernels for.
   *
   * @throws IllegalStateException when there is no library
   */
  public Set<CpuFeature> features() {
    requireAvailable();
    return CpuFeature.of(Mor4jNative.mor4j_cpu_features());
  }

  void requireAvailable() {
    if (!available) {
      throw new IllegalStateException("no native library: " + description);
    }
  }

  private static CpuLibrary load() {
    Optional<String> named = named();
    if (named.isPresent()) {
      // A library that was asked for by name is never replaced by another one without a word.
      if (named.get().equals("none")) {
        return new CpuLibrary(false, "switched off by " + PROPERTY + " or " + VARIABLE);
      }
      Path file = Path.of(named.get()).toAbsolutePath();
      return of("named by option", file + " (named by option)", loadFile(file));
    }
    return of(
        "packed " + NativeLibraries.platform(),
        NativeLibraries.packedName("mor4j"),
        NativeLibraries.withPacked("mor4j", PROPERTY, CpuLibrary::loadFile));
  }

  private static CpuLibrary of(String how, String file, Optional<String> failure) {
    return failure
        .map(reason -> new CpuLibrary(false, file + ": " + reason))
        .orElseGet(() -> new CpuLibrary(true, how));
  }

  private static Optional<String> loadFile(Path file) {
    return NativeLibraries.load(file).or(CpuLibrary::checkVersion);
  }

  private static Optional<String> checkVersion() {
    int version;
    try {
      version = Mor4jNative.mor4j_abi_version();
    } catch (ExceptionInInitializerError | NoClassDefFoundError | RuntimeException e) {
      return Optional.of("not a mor4j library: " + e);
    }
    return version == Mor4jNative.MOR4J_ABI_VERSION()
        ? Optional.empty()
        : Optional.of(
            "has ABI version " + version + ", expected " + Mor4jNative.MOR4J_ABI_VERSION());
  }
}
