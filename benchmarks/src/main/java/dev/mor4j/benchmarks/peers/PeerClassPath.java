package dev.mor4j.benchmarks.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Class loaders of the engines' archives, one for each folder. They see the JDK and nothing else,
 * so that engines may bring the same classes in other versions. They live as long as the JVM: it
 * loads a native library for one class loader only.
 */
final class PeerClassPath {
  private static final Map<Path, ClassLoader> LOADERS = new ConcurrentHashMap<>();

  private PeerClassPath() {}

  /**
   * The loader of all archives in {@code folder}.
   *
   * @throws IllegalStateException where there is none; the message says how to get them
   */
  static ClassLoader of(Path folder) {
    return LOADERS.computeIfAbsent(folder.toAbsolutePath().normalize(), PeerClassPath::load);
  }

  private static ClassLoader load(Path folder) {
    URL[] archives = archives(folder).stream().map(PeerClassPath::url).toArray(URL[]::new);
    if (archives.length == 0) {
      throw new IllegalStateException(
          "no archives in " + folder + "; get them with: mvn -Ppeers -DskipTests package");
    }
    return new URLClassLoader(
        folder.getFileName().toString(), archives, ClassLoader.getPlatformClassLoader());
  }

  private static List<Path> archives(Path folder) {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(file -> file.toString().endsWith(".jar")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static URL url(Path file) {
    try {
      return file.toUri().toURL();
    } catch (MalformedURLException e) {
      throw new IllegalStateException("no URL for " + file, e);
    }
  }
}
