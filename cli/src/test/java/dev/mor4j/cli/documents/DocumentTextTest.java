package dev.mor4j.cli.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the documents' text promises: lengths, links, cited sections, names of files. */
class DocumentTextTest {
  private static final int MOST_WORDS_OF_README = 900;
  private static final int MOST_COLUMNS = 120;
  private static final Set<String> LANGUAGES = Set.of("java", "sh", "xml", "text");

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern CITED =
      Pattern.compile("forward-pass\\.md,\\s+(?:\\*\\s+)?section\\s+(?:\\*\\s+)?(\\d+)");
  private static final Pattern HEADING = Pattern.compile("#{1,6} (.+)");

  /** A name in a task page that is a file or a folder: it has a slash, and no placeholder. */
  private static final Pattern FILE_NAME = Pattern.compile("`([A-Za-z][\\w.-]*/[\\w./-]*[\\w])`");

  /** Files whose names have no slash. */
  private static final Pattern ROOT_FILE = Pattern.compile("`([A-Z]+\\.md)`");

  @Test
  void readmeIsShort() throws IOException {
    String readme = Files.readString(Document.ROOT.resolve("README.md"));
    assertThat(readme.strip().split("\\s+").length)
        .as("words of README.md, everything counted")
        .isLessThanOrEqualTo(MOST_WORDS_OF_README);
  }

  @Test
  void linesOfProseAreShort() throws IOException {
    List<String> tooLong = new ArrayList<>();
    for (Document document : Document.all()) {
      List<String> prose = document.prose();
      for (int i = 0; i < prose.size(); i++) {
        String line = prose.get(i);
        // Rows of tables and pictures cannot be broken.
        boolean breakable = !line.strip().startsWith("|") && !line.startsWith("![");
        if (breakable && line.codePointCount(0, line.length()) > MOST_COLUMNS) {
          tooLong.add(document.name() + ":" + (i + 1));
        }
      }
    }
    assertThat(tooLong).isEmpty();
  }

  @Test
  void blocksHaveALanguageThatIsTested() throws IOException {
    for (Document document : Document.all()) {
      for (Document.Block block : document.blocks()) {
        assertThat(block.language()).as(document.place(block)).isIn(LANGUAGES);
      }
    }
  }

  @Test
  void linksLeadSomewhere() throws IOException {
    List<String> broken = new ArrayList<>();
    List<Document> documents = new ArrayList<>(Document.all());
    documents.add(Document.read(Document.ROOT.resolve("testdata/goldens/README.md")));
    documents.add(Document.read(Document.ROOT.resolve("checkpoints/mor3-books/README.md")));
    int links = 0;
    for (Document document : documents) {
      Matcher matcher = LINK.matcher(String.join("\n", document.prose()));
      while (matcher.find()) {
        links++;
        String link = matcher.group(1);
        if (!link.startsWith("https://") && !leadsSomewhere(document, link)) {
          broken.add(document.name() + ": " + link);
        }
      }
    }
    assertThat(broken).isEmpty();
    assertThat(links).isGreaterThan(50);
  }

  private static boolean leadsSomewhere(Document document, String link) throws IOException {
    String path = link.replaceFirst("#.*", "");
    Path target = path.isEmpty() ? document.file() : document.file().resolveSibling(path);
    if (!Files.exists(target)) {
      return false;
    }
    return link.indexOf('#') < 0
        || anchors(Document.read(target)).contains(link.substring(link.indexOf('#') + 1));
  }

  /** The anchors that GitHub makes of headings. */
  private static Set<String> anchors(Document document) {
    Set<String> anchors = new HashSet<>();
    for (String line : document.prose()) {
      Matcher heading = HEADING.matcher(line);
      if (heading.matches()) {
        anchors.add(
            heading
                .group(1)
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N}\\s_-]", "")
                .replace(' ', '-'));
      }
    }
    return anchors;
  }

  @Test
  void citedSectionsExist() throws IOException {
    Set<String> sections = new HashSet<>();
    for (String line : Document.read(Document.ROOT.resolve("docs/forward-pass.md")).prose()) {
      Matcher heading = Pattern.compile("## (\\d+)\\. .+").matcher(line);
      if (heading.matches()) {
        sections.add(heading.group(1));
      }
    }
    assertThat(sections).hasSizeGreaterThan(5);
    int cited = 0;
    for (Path file : sources()) {
      String text = text(file);
      assertThat(text).as("%s", file).doesNotContain("FORWARD" + "-PASS");
      Matcher citation = CITED.matcher(text);
      while (citation.find()) {
        cited++;
        assertThat(sections)
            .as("%s: section %s", file, citation.group(1))
            .contains(citation.group(1));
      }
    }
    assertThat(cited).as("places that cite the specification").isGreaterThan(20);
  }

  /** Sources of all modules, without what builds made. */
  private static List<Path> sources() throws IOException {
    List<Path> found = new ArrayList<>();
    for (String folder :
        List.of(
            "native",
            "bindings",
            "runtime",
            "weights-converter",
            "server",
            "cli",
            "benchmarks",
            "fuzz")) {
      try (Stream<Path> files = Files.walk(Document.ROOT.resolve(folder))) {
        files
            .filter(Files::isRegularFile)
            .filter(file -> file.toString().matches(".*\\.(java|c|h|cu|cuh|cpp)"))
            .filter(file -> !Document.ROOT.relativize(file).toString().contains("target/"))
            .forEach(found::add);
      }
    }
    return found;
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (MalformedInputException e) {
      throw new AssertionError(file + " is not UTF-8", e);
    }
  }

  @Test
  void theGlossaryHasEachTermOnce() throws IOException {
    List<String> lines = Document.read(Document.ROOT.resolve("docs/architecture.md")).prose();
    List<String> terms = new ArrayList<>();
    for (String line : lines.subList(lines.indexOf("## Glossary"), lines.size())) {
      if (line.startsWith("| ") && !line.startsWith("| term |")) {
        terms.add(line.substring(2, line.indexOf(" |", 2)));
      }
    }
    assertThat(terms).doesNotHaveDuplicates().hasSizeGreaterThan(40);
  }

  @Test
  void taskPagesNameFilesThatExist() throws IOException {
    List<String> missing = new ArrayList<>();
    int named = 0;
    for (Document page : Document.all()) {
      boolean task = page.name().startsWith("docs/tasks/");
      if (!task && !page.name().equals("CONTRIBUTING.md")) {
        continue;
      }
      for (Pattern pattern : List.of(FILE_NAME, ROOT_FILE)) {
        Matcher matcher = pattern.matcher(String.join("\n", page.prose()));
        while (matcher.find()) {
          String name = matcher.group(1);
          // What a build makes is not in the tree, and NAME stands for what the reader chooses.
          if (name.contains("target/") || name.contains("NAME")) {
            continue;
          }
          named++;
          if (!Files.exists(Document.ROOT.resolve(name))) {
            missing.add(page.name() + ": " + name);
          }
        }
      }
      if (task) {
        assertThat(page.lines())
            .as(page.name())
            .anyMatch(line -> line.startsWith("Followed last in commit"));
      }
    }
    assertThat(missing).isEmpty();
    assertThat(named).isGreaterThan(50);
  }
}
