package dev.mor4j.bindings.library;

import java.io.FileNotFoundException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * Loads library files for the class loader of this module, so that the generated bindings find
 * their symbols. Nothing throws: a failure is a text that says what to do. Any thread.
 */
public final class NativeLibraries {
  private NativeLibraries() {}

  /** What the system property or, without one, the environment variable says; blank is nothing. */
  public static Optional<String> setting(String property, String variable) {
    return Optional.ofNullable(System.getProperty(property))
        .or(() -> Optional.ofNullable(System.getenv(variable)))
        .filter(value -> !value.isBlank());
  }

  /** Whether the JVM was told that this module may make native calls. */
  public static boolean isNativeAccessEnabled() {
    return NativeLibraries.class.getModule().isNativeAccessEnabled();
  }

  /** The platform's folder in the jar: {@code linux-x86_64}. */
  public static String platform() {
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

  /**
   * Loads the file.
   *
   * @return why it could not be loaded; empty when it was
   */
  public static Optional<String> load(Path file) {
    try {
      System.load(file.toAbsolutePath().toString());
      return Optional.empty();
    } catch (UnsatisfiedLinkError e) {
      return Optional.of(withoutName(e.getMessage(), file));
    } catch (IllegalCallerException e) {
      return Optional.of(
          "native access is denied; start the JVM with --enable-native-access=dev.mor4j.bindings"
              + " (or ALL-UNNAMED on the class path)");
    }
  }

  /** The loaders of the JVM and of the system both begin with the file, which the caller names. */
  private static String withoutName(String message, Path file) {
    String prefix = file.toAbsolutePath() + ": ";
    String text = message;
    while (text.startsWith(prefix)) {
      text = text.substring(prefix.length());
    }
    return text;
  }

  /** The name of a packed library inside the jar. */
  public static String packedName(String library) {
    return "native/" + platform() + "/" + System.mapLibraryName(library);
  }

  /**
   * Unpacks the library of this platform where it is not yet, and gives the file to {@code use}:
   * {@link NativeCache}. The file may be gone afterwards: a loaded library stays mapped without it.
   *
   * @param property the system property that names a file in place of the packed one, for advice
   * @param use takes the file, gives back why it is of no use or nothing
   * @return why the library could not be unpacked or is of no use; empty when all went well
   */
  public static Optional<String> withPacked(
      String library, String property, Function<Path, Optional<String>> use) {
    String name = packedName(library);
    ClassLoader loader = NativeLibraries.class.getClassLoader();
    if (loader.getResource(name) == null) {
      return Optional.of("not in the mor4j-native jar (no kernels were built for this platform)");
    }
    PackedLibrary packed =
        new PackedLibrary(
            System.mapLibraryName(library),
            () -> {
              InputStream in = loader.getResourceAsStream(name);
              if (in == null) {
                throw new FileNotFoundException(name + " is gone from its jar");
              }
              return in;
            });
    return NativeCache.ofThisProcess()
        .with(packed, use)
        .map(reason -> NativeCache.isOfThePlace(reason) ? reason + remedy(property) : reason);
  }

  private static String remedy(String property) {
    return "; name a folder of your own, on a disk with space, from which programs may be run, with"
        + " -D"
        + NativeCache.PROPERTY
        + "=FOLDER, or the file of the library with -D"
        + property
        + "=FILE";
  }
}
