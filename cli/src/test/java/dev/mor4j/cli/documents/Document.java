package dev.mor4j.cli.documents;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A document of the project, its fenced blocks of code and the lines around them. Immutable.
 *
 * @param file its place
 * @param lines all of its lines
 * @param blocks of code, in order
 */
record Document(Path file, List<String> lines, List<Block> blocks) {
  /** The project's folder. */
  static final Path ROOT =
      Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
          .toAbsolutePath()
          .getParent();

  private static final String FENCE = "```";

  /**
   * A fenced block.
   *
   * @param language what stands behind the fence
   * @param firstLine the number of its first line, from 1
   * @param lines of code
   */
  record Block(String language, int firstLine, List<String> lines) {
    String text() {
      return String.join("\n", lines) + "\n";
    }
  }

  /** Every document that people read first, and all of {@code docs/}. */
  static List<Document> all() throws IOException {
    List<Path> files = new ArrayList<>();
    for (String name : List.of("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")) {
      files.add(ROOT.resolve(name));
    }
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
    }
    List<Document> documents = new ArrayList<>();
    for (Path file : files) {
      documents.add(read(file));
    }
    return documents;
  }

  static Document read(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    List<Block> blocks = new ArrayList<>();
    int fence = -1;
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (!line.startsWith(FENCE)) {
        continue;
      }
      if (fence < 0) {
        fence = i;
      } else {
        String language = lines.get(fence).strip().substring(FENCE.length());
        blocks.add(new Block(language, fence + 2, List.copyOf(lines.subList(fence + 1, i))));
        fence = -1;
      }
    }
    if (fence >= 0) {
      throw new AssertionError(file + ": the fence of line " + (fence + 1) + " is not closed");
    }
    return new Document(file, List.copyOf(lines), List.copyOf(blocks));
  }

  /** Its name in the project. */
  String name() {
    return ROOT.relativize(file).toString();
  }

  /** Where a block is, for people. */
  String place(Block block) {
    return name() + ":" + block.firstLine();
  }

  /** The lines outside of blocks; lines of code and their fences are empty, so numbers stay. */
  List<String> prose() {
    List<String> prose = new ArrayList<>();
    boolean code = false;
    for (String line : lines) {
      boolean fence = line.strip().startsWith(FENCE);
      prose.add(code || fence ? "" : line);
      code ^= fence;
    }
    return prose;
  }
}
