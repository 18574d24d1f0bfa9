package dev.mor4j.converter;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Where the tests find checkpoints, and copies of them to spoil. */
final class Checkpoints {
  private static final Path ROOT =
      Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
          .toAbsolutePath()
          .getParent();

  private Checkpoints() {}

  static Path golden(String name) {
    return ROOT.resolve("testdata").resolve("goldens").resolve(name);
  }

  static Path trained() {
    return ROOT.resolve("checkpoints").resolve("mor3-books");
  }

  /** Every golden and the trained checkpoint. */
  static List<Path> all() throws IOException {
    try (Stream<Path> goldens = Files.list(golden(""))) {
      return Stream.concat(goldens.filter(Files::isDirectory).sorted(), Stream.of(trained()))
          .toList();
    }
  }

  /** A copy of a golden's files, but its expected outputs. */
  static Path copy(String golden, Path target) throws IOException {
    Files.createDirectories(target);
    try (Stream<Path> files = Files.list(golden(golden))) {
      for (Path file : files.toList()) {
        if (!file.getFileName().toString().startsWith("expected")) {
          Files.copy(file, target.resolve(file.getFileName()));
        }
      }
    }
    return target;
  }

  /** Puts a file of one of the tokenizers of testdata into {@code folder}. */
  static void putTokenizer(String name, String file, Path folder) throws IOException {
    Path packed = ROOT.resolve(Path.of("testdata", "tokenizers", name, file + ".gz"));
    try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
      Files.copy(in, folder.resolve(file));
    }
  }

  /** Names of what is in {@code folder}. */
  static List<String> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Replaces text in a file, which must have it. */
  static void edit(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    if (!text.contains(from)) {
      throw new IllegalArgumentException(file + " does not contain " + from);
    }
    Files.writeString(file, text.replace(from, to));
  }
}
