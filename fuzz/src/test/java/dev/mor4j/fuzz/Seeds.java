package dev.mor4j.fuzz;

import dev.mor4j.testing.ProjectFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Files of {@code testdata} that inputs are made from. */
public final class Seeds {
  private Seeds() {}

  /** The files named {@code name} below {@code folder} of testdata, unpacked. */
  public static List<byte[]> named(String folder, String name, int mostBytes) {
    Path root = ProjectFiles.root().resolve("testdata").resolve(folder);
    try (Stream<Path> files = Files.walk(root)) {
      List<byte[]> seeds =
          files
              .filter(file -> file.endsWith(name) || file.endsWith(name + ".gz"))
              .sorted()
              .map(Seeds::unpacked)
              .filter(bytes -> bytes.length <= mostBytes)
              .toList();
      if (seeds.isEmpty()) {
        throw new AssertionError(root + " has no " + name + " of at most " + mostBytes + " bytes");
      }
      return seeds;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Texts as bytes. */
  public static List<byte[]> texts(String... texts) {
    return Stream.of(texts).map(text -> text.getBytes(StandardCharsets.UTF_8)).toList();
  }

  /** The content of a file of testdata, unpacked. */
  public static byte[] unpacked(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      boolean packed = file.toString().endsWith(".gz");
      return packed ? new GZIPInputStream(in).readAllBytes() : in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
