package dev.mor4j.bindings.library;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Where libraries packed in a jar are unpacked to be loaded: a folder that only this user can write
 * in and that was checked for it, in it a folder for each content, named by its SHA-256. A file
 * that is there already is loaded only if it has that content; else it is written anew, under
 * another name, and renamed. Where there is no such folder, a fresh temporary one takes its place,
 * checked in the same way and deleted after loading: a loaded library stays mapped without its
 * file.
 *
 * <p>The folder is the one named by the system property {@value #PROPERTY} or the environment
 * variable {@value #VARIABLE}, and then no other; else {@code mor4j} in {@code XDG_CACHE_HOME} or
 * {@code ~/.cache}, on macOS in {@code ~/Library/Caches}, on Windows in {@code LOCALAPPDATA}.
 *
 * <p>Nothing throws: a failure is a text that names the folder. Any thread, any number of
 * processes.
 */
public final class NativeCache {
  /** System property that names the folder. */
  public static final String PROPERTY = "mor4j.native.cache";

  /** Environment variable with the same meaning. */
  public static final String VARIABLE = "MOR4J_NATIVE_CACHE";

  private static final System.Logger LOG = System.getLogger(NativeCache.class.getName());

  private static final String UNPACKING = "cannot be unpacked into ";
  private static final String LOADING = "cannot be loaded from ";

  private final UnaryOperator<String> property;
  private final UnaryOperator<String> environment;

  NativeCache(UnaryOperator<String> property, UnaryOperator<String> environment) {
    this.property = property;
    this.environment = environment;
  }

  /** The cache that properties and environment of this process name. */
  static NativeCache ofThisProcess() {
    return new NativeCache(System::getProperty, System::getenv);
  }

  /**
   * Unpacks the library where it is not yet and gives the file to {@code use}.
   *
   * @param use takes the file, gives back why it is of no use or nothing
   * @return why the library could not be unpacked or is of no use; empty when all went well
   */
  Optional<String> with(PackedLibrary library, Function<Path, Optional<String>> use) {
    String sha256;
    Optional<Path> folder;
    try {
      sha256 = library.sha256();
      folder = named().map(Path::of).or(this::userFolder).map(Path::toAbsolutePath);
    } catch (IOException e) {
      return Optional.of("cannot be read from the jar: " + e);
    } catch (InvalidPathException e) {
      return Optional.of("cannot be unpacked: " + PROPERTY + ": " + e.getMessage());
    }
    Optional<String> failure = folder.flatMap(path -> withCached(path, library, sha256, use));
    boolean done = folder.isPresent() && failure.isEmpty();
    if (done
        || named().isPresent()
        || failure.filter(reason -> !isOfThePlace(reason)).isPresent()) {
      return failure;
    }
    Optional<String> second = withTemporary(library, sha256, use);
    return failure.isPresent() && second.isPresent()
        ? Optional.of(failure.get() + "; " + second.get())
        : second;
  }

  private Optional<String> named() {
    return Optional.ofNullable(property.apply(PROPERTY))
        .or(() -> Optional.ofNullable(environment.apply(VARIABLE)))
        .filter(value -> !value.isBlank());
  }

  /** The folder of the user's caches; none where there is no home. */
  Optional<Path> userFolder() {
    String os = String.valueOf(property.apply("os.name")).toLowerCase(Locale.ROOT);
    Optional<Path> home =
        absolute(environment.apply("HOME")).or(() -> absolute(property.apply("user.home")));
    Optional<Path> caches;
    if (os.startsWith("windows")) {
      caches = absolute(environment.apply("LOCALAPPDATA"));
    } else if (os.startsWith("mac")) {
      caches = home.map(path -> path.resolve("Library/Caches"));
    } else {
      caches =
          absolute(environment.apply("XDG_CACHE_HOME"))
              .or(() -> home.map(path -> path.resolve(".cache")));
    }
    return caches.map(path -> path.resolve("mor4j"));
  }

  private static Optional<Path> absolute(String name) {
    try {
      return Optional.ofNullable(name)
          .filter(value -> !value.isBlank())
          .map(Path::of)
          .filter(Path::isAbsolute);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> withCached(
      Path cache, PackedLibrary library, String sha256, Function<Path, Optional<String>> use) {
    Path file;
    try {
      FolderTrust trust = FolderTrust.ofThisUser();
      Path folder = trusted(trusted(cache, trust).resolve(sha256), trust);
      file = folder.resolve(library.fileName());
      if (!PackedLibrary.isIntact(file, sha256) || !trust.isOwn(file)) {
        unpack(library, sha256, file);
      }
    } catch (FolderTrust.UntrustedFolderException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "native libraries are neither unpacked into {0} nor loaded from there: {1}",
          cache,
          e.getMessage());
      return Optional.of(UNPACKING + cache + ": " + e.getMessage());
    } catch (IOException e) {
      return Optional.of(UNPACKING + cache + ": " + reason(e));
    }
    return use.apply(file).map(reason -> LOADING + file + ": " + reason);
  }

  private static Optional<String> withTemporary(
      PackedLibrary library, String sha256, Function<Path, Optional<String>> use) {
    Path folder = null;
    Path file = null;
    try {
      // Only its owner may enter such a folder.
      folder = Files.createTempDirectory("mor4j-").toRealPath();
      FolderTrust.ofThisUser().require(folder);
      file = folder.resolve(library.fileName());
      unpack(library, sha256, file);
      Path unpacked = file;
      return use.apply(file).map(reason -> LOADING + unpacked + ": " + reason);
    } catch (IOException e) {
      Path tried = folder == null ? Path.of(System.getProperty("java.io.tmpdir", "")) : folder;
      return Optional.of(UNPACKING + tried + ": " + reason(e));
    } finally {
      discard(file);
      discard(folder);
    }
  }

  /** The real path of a folder, made where it is missing, that passes the check. */
  private static Path trusted(Path folder, FolderTrust trust) throws IOException {
    if (!Files.isDirectory(folder)) {
      // Folders above it that are missing are made for this user alone as well.
      Files.createDirectories(folder, ownerOnly(folder, "rwx------"));
    }
    Path real = folder.toRealPath();
    trust.require(real);
    return real;
  }

  /**
   * Writes the file under another name, reads it back, and renames it, so that nobody sees half of
   * it, and what others have mapped stays as it is.
   */
  private static void unpack(PackedLibrary library, String sha256, Path file) throws IOException {
    Path partial = file.resolveSibling("." + library.fileName() + "-" + UUID.randomUUID());
    try {
      Files.createFile(partial, ownerOnly(partial, "rwx------"));
      try (InputStream in = library.source().open();
          OutputStream out = Files.newOutputStream(partial, StandardOpenOption.WRITE)) {
        in.transferTo(out);
      }
      if (!PackedLibrary.isIntact(partial, sha256)) {
        throw new IOException("what was written is not what was read back; is the disk full?");
      }
      if (Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException(file + " is a folder, expected a file");
      }
      Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(partial);
    }
  }

  private static FileAttribute<?>[] ownerOnly(Path path, String permissions) {
    return FolderTrust.isPosix(path)
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }

  /** Whether another place may help: nothing could be unpacked, or programs cannot be run there. */
  static boolean isOfThePlace(String failure) {
    return failure.startsWith(UNPACKING)
        || failure.contains("failed to map segment")
        || failure.contains("ermission denied")
        || failure.contains("not permitted");
  }

  private static String reason(IOException e) {
    if (e instanceof AccessDeniedException denied) {
      return "no permission to write " + denied.getFile();
    }
    if (e instanceof NoSuchFileException missing) {
      return missing.getFile() + " does not exist and cannot be made";
    }
    if (e instanceof FileAlreadyExistsException exists) {
      return exists.getFile() + " is not a folder";
    }
    if (e instanceof FileSystemException failed && failed.getReason() != null) {
      // For example: No space left on device, Read-only file system.
      return failed.getReason();
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private static void discard(Path path) {
    if (path != null) {
      try {
        Files.deleteIfExists(path);
      } catch (IOException e) {
        path.toFile().deleteOnExit();
      }
    }
  }
}
