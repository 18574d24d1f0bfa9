package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
    return Optional.ofNullable(System.getProperty(PROPERTY))
        .or(() -> Optional.ofNullable(System.getenv(VARIABLE)))
        .filter(name -> !name.isBlank());
  }

  /** Whether the JVM was told that this module may make native calls. */
  public static boolean isNativeAccessEnabled() {
    return CpuLibrary.class.getModule().isNativeAccessEnabled();
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

  /** The platform's folder in the jar: {@code linux-x86_64}. */
  static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String osName = os.startsWith("mac") ? "macos" : os.startsWith("windows") ? "windows" : os;
    String archName =
        switch (arch) {
          case "amd64", "x86_64" -> "x86_64";
          case "arm64", "aarch64" -> "aarch64";
          default -> arch;
        };
    return osName + "-" + archName;
  }

  private static CpuLibrary load() {
    List<String> tried = new ArrayList<>();
    Optional<String> named = named();
    if (named.isPresent()) {
      // A library that was asked for by name is never replaced by another one without a word.
      if (named.get().equals("none")) {
        return new CpuLibrary(false, "switched off by " + PROPERTY + " or " + VARIABLE);
      }
      return loadFile(Path.of(named.get()).toAbsolutePath(), "named by option", tried)
          .orElseGet(() -> unavailable(tried));
    }
    return loadPacked(tried).orElseGet(() -> unavailable(tried));
  }

  private static CpuLibrary unavailable(List<String> tried) {
    return new CpuLibrary(false, String.join("; ", tried));
  }

  private static Optional<CpuLibrary> loadPacked(List<String> tried) {
    String resource = "native/" + platform() + "/" + System.mapLibraryName("mor4j");
    Path folder = null;
    Path file = null;
    try (InputStream packed = CpuLibrary.class.getClassLoader().getResourceAsStream(resource)) {
      if (packed == null) {
        tried.add(
            resource + ": not in the mor4j-native jar (no kernels were built for this platform)");
        return Optional.empty();
      }
      folder = Files.createTempDirectory("mor4j-");
      file = folder.resolve(System.mapLibraryName("mor4j"));
      Files.copy(packed, file);
      return loadFile(file, "packed " + platform(), tried);
    } catch (IOException e) {
      tried.add(resource + ": cannot be unpacked: " + e);
      return Optional.empty();
    } finally {
      discard(file);
      discard(folder);
    }
  }

  /**
   * A loaded library stays mapped without its file, so nothing is left behind in the temporary
   * folder.
   */
  private static void discard(Path path) {
    if (path != null) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        path.toFile().deleteOnExit();
      }
    }
  }

  private static Optional<CpuLibrary> loadFile(Path file, String how, List<String> tried) {
    try {
      System.load(file.toString());
    } catch (UnsatisfiedLinkError e) {
      tried.add(file + " (" + how + "): " + e.getMessage());
      return Optional.empty();
    } catch (IllegalCallerException e) {
      tried.add(
          file
              + " ("
              + how
              + "): native access is denied; start the JVM with"
              + " --enable-native-access=dev.mor4j.bindings (or ALL-UNNAMED on the class path)");
      return Optional.empty();
    }
    int version;
    try {
      version = Mor4jNative.mor4j_abi_version();
    } catch (ExceptionInInitializerError | NoClassDefFoundError | RuntimeException e) {
      tried.add(file + " (" + how + "): not a mor4j library: " + e);
      return Optional.empty();
    }
    if (version != Mor4jNative.MOR4J_ABI_VERSION()) {
      tried.add(
          file
              + " ("
              + how
              + "): has ABI version "
              + version
              + ", expected "
              + Mor4jNative.MOR4J_ABI_VERSION());
      return Optional.empty();
    }
    return Optional.of(new CpuLibrary(true, how));
  }
}
