package dev.mor4j.bindings.library;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Only what was packed is loaded, from where nobody else could have put it. */
class NativeCacheTest {
  private static final byte[] CONTENT = "the library".getBytes(StandardCharsets.UTF_8);

  @TempDir Path dir;

  private final Map<String, String> properties = new HashMap<>(Map.of("os.name", "Linux"));
  private final Map<String, String> environment = new HashMap<>();
  private final List<Path> used = new ArrayList<>();
  private final PackedLibrary library =
      new PackedLibrary("libmor4j.so", () -> new ByteArrayInputStream(CONTENT));

  private Path cache;

  @BeforeEach
  void nameTheCache() throws IOException {
    assumeTrue(FolderTrust.isPosix(dir), "owners and modes are those of POSIX");
    cache = dir.toRealPath().resolve("cache");
    properties.put(NativeCache.PROPERTY, cache.toString());
  }

  @Test
  void unpacksOnceIntoAFolderThatIsNamedByItsContent() throws IOException {
    assertThat(load()).isEmpty();
    Path file = used.getFirst();
    assertThat(file).isEqualTo(cache.resolve(library.sha256()).resolve("libmor4j.so"));
    assertThat(permissions(cache)).isEqualTo("rwx------");
    assertThat(permissions(file.getParent())).isEqualTo("rwx------");
    Object inode = Files.getAttribute(file, "unix:ino");
    assertThat(load()).isEmpty();
    assertThat(Files.getAttribute(file, "unix:ino")).isEqualTo(inode);
    assertThat(list(file.getParent())).containsExactly("libmor4j.so");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "the libra", "planted one", "the library and more"})
  void replacesAFileWithAnotherContent(String planted) throws IOException {
    load();
    Path file = used.getFirst();
    Files.writeString(file, planted);
    assertThat(load()).isEmpty();
    assertThat(file).hasBinaryContent(CONTENT);
  }

  @Test
  void replacesALinkAndAFileThatOthersMayWrite() throws IOException {
    load();
    Path file = used.getFirst();
    Files.delete(file);
    Path elsewhere = Files.write(dir.resolve("elsewhere"), CONTENT);
    Files.createSymbolicLink(file, elsewhere);
    assertThat(load()).isEmpty();
    assertThat(Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)).isTrue();
    assertThat(elsewhere).hasBinaryContent(CONTENT);

    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(load()).isEmpty();
    assertThat(permissions(file)).isEqualTo("rwx------");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxrwxrwx", "rwx-w----", "rwx----w-"})
  void refusesAFolderThatOthersMayWrite(String permissions) throws IOException {
    load();
    used.clear();
    Path content = cache.resolve(library.sha256());
    for (Path folder : List.of(cache, content)) {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(permissions));
      assertThat(load().orElseThrow()).contains(folder.toString(), "may be written by other users");
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }
    // Above it a folder that others may write is as bad, unless only owners may rename there.
    Path above = Files.createDirectory(dir.toRealPath().resolve("above"));
    properties.put(NativeCache.PROPERTY, above.resolve("cache").toString());
    Files.setPosixFilePermissions(above, PosixFilePermissions.fromString(permissions));
    assertThat(load().orElseThrow()).contains("could put another folder in place");
    assertThat(used).isEmpty();
    Files.setAttribute(above, "unix:mode", 01777);
    assertThat(load()).isEmpty();
    assertThat(used).hasSize(1);
  }

  @Test
  void refusesAFolderOfAnotherUser() throws IOException {
    boolean root = Files.getAttribute(Path.of("/proc/self").toRealPath(), "unix:uid").equals(0);
    Path foreign = Path.of("/usr");
    if (root) {
      foreign = Files.createDirectory(cache);
      Files.setAttribute(foreign, "unix:uid", 12345);
    }
    properties.put(NativeCache.PROPERTY, foreign.toString());
    assertThat(load().orElseThrow()).contains(foreign + " belongs to user ");
    assertThat(used).isEmpty();
  }

  @Test
  void saysWhatIsInTheWay() throws IOException {
    Files.writeString(cache, "a file");
    assertThat(load().orElseThrow()).contains("cannot be unpacked into " + cache, "not a folder");
    Files.delete(cache);
    PackedLibrary full =
        new PackedLibrary(
            "libmor4j.so",
            new PackedLibrary.Source() {
              private int opened;

              @Override
              public InputStream open() {
                // Cut short when it is unpacked, as by a disk that keeps less than it was given.
                return new ByteArrayInputStream(CONTENT, 0, opened++ == 0 ? CONTENT.length : 3);
              }
            });
    assertThat(cacheOfTest().with(full, this::use).orElseThrow())
        .contains("cannot be unpacked into " + cache, "disk full");
    assertThat(list(cache.resolve(library.sha256()))).isEmpty();
    assertThat(used).isEmpty();
  }

  @Test
  void withoutAUsableCacheATemporaryFolderTakesItsPlace() throws IOException {
    properties.remove(NativeCache.PROPERTY);
    // Neither HOME nor user.home, as for a user that the system does not know.
    properties.put("user.home", "?");
    assertThat(load()).isEmpty();
    assertThat(used.getFirst()).doesNotExist();
    assertThat(used.getFirst().getParent()).doesNotExist();

    Path home = Files.createDirectory(dir.toRealPath().resolve("home"));
    Files.writeString(home.resolve(".cache"), "in the way");
    environment.put("HOME", home.toString());
    assertThat(load()).isEmpty();
    // Nothing can be run from the cache's folder.
    environment.put("XDG_CACHE_HOME", cache.toString());
    used.clear();
    assertThat(
            cacheOfTest()
                .with(
                    library,
                    file ->
                        use(file)
                            .or(
                                () ->
                                    file.startsWith(cache)
                                        ? Optional.of("failed to map segment from shared object")
                                        : Optional.empty())))
        .isEmpty();
    assertThat(used).hasSize(2);
    // A library that is of no use is of no use anywhere.
    used.clear();
    assertThat(
            cacheOfTest()
                .with(library, file -> use(file).or(() -> Optional.of("has ABI version 1")))
                .orElseThrow())
        .contains("has ABI version 1");
    assertThat(used).hasSize(1);
  }

  @Test
  void knowsTheCachesOfUsers() {
    properties.put("user.home", "/home/u");
    assertThat(cacheOfTest().userFolder()).contains(Path.of("/home/u/.cache/mor4j"));
    environment.put("HOME", "/home/v");
    assertThat(cacheOfTest().userFolder()).contains(Path.of("/home/v/.cache/mor4j"));
    environment.put("XDG_CACHE_HOME", "relative");
    assertThat(cacheOfTest().userFolder()).contains(Path.of("/home/v/.cache/mor4j"));
    environment.put("XDG_CACHE_HOME", "/caches");
    assertThat(cacheOfTest().userFolder()).contains(Path.of("/caches/mor4j"));
    properties.put("os.name", "Mac OS X");
    assertThat(cacheOfTest().userFolder()).contains(Path.of("/home/v/Library/Caches/mor4j"));
    properties.put("os.name", "Windows 11");
    assertThat(cacheOfTest().userFolder()).isEmpty();
    environment.put("LOCALAPPDATA", "/local");
    assertThat(cacheOfTest().userFolder()).contains(Path.of("/local/mor4j"));
  }

  private NativeCache cacheOfTest() {
    return new NativeCache(properties::get, environment::get);
  }

  private Optional<String> load() {
    return cacheOfTest().with(library, this::use);
  }

  private Optional<String> use(Path file) {
    used.add(file);
    assertThat(file).hasBinaryContent(CONTENT);
    return Optional.empty();
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  private static List<String> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
