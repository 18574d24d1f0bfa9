package dev.mor4j.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.mor4j.testing.ProjectFiles;
import dev.mor4j.testing.StructureRules;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The walls between the modules of the runtime and the bindings (docs/architecture.md). */
class ArchitectureTest {
  private static final String ROOT = "dev.mor4j.runtime";
  private static final String BINDINGS = "dev.mor4j.bindings..";

  /** What applications may import; everything else is exported to named modules only. */
  private static final Map<String, Set<String>> FOR_APPLICATIONS =
      Map.of(
          ROOT,
          Set.of(ROOT),
          ROOT + ".mor",
          Set.of(ROOT + ".device", ROOT + ".engine"),
          ROOT + ".model",
          Set.of(ROOT + ".format", ROOT + ".numbers", ROOT + ".packing"),
          ROOT + ".cpu",
          Set.of(),
          ROOT + ".cuda",
          Set.of(),
          "dev.mor4j.bindings",
          Set.of());

  /** Each module, and what it may read of ours. */
  private static final Map<String, Set<String>> MAY_READ =
      Map.of(
          ROOT + ".model",
          Set.of(),
          "dev.mor4j.bindings",
          Set.of("dev.mor4j.natives", ROOT + ".model"),
          ROOT + ".mor",
          Set.of(ROOT + ".model"),
          ROOT + ".cpu",
          Set.of(ROOT + ".mor", "dev.mor4j.bindings"),
          ROOT + ".cuda",
          Set.of(ROOT + ".mor", "dev.mor4j.bindings"),
          ROOT,
          Set.of(ROOT + ".mor", ROOT + ".cpu", ROOT + ".cuda"));

  private static final JavaClasses CLASSES =
      StructureRules.classes("dev.mor4j.runtime", "dev.mor4j.bindings");

  @Test
  void theRulesOfEveryModule() {
    StructureRules.check(CLASSES);
  }

  @Test
  void onlyTheBackendsNameTheBindings() {
    noClasses()
        .that()
        .resideOutsideOfPackages(BINDINGS, ROOT + ".backend.cpu", ROOT + ".backend.cuda")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(BINDINGS)
        .check(CLASSES);
  }

  @Test
  void onlyTheBindingsMakeNativeCalls() {
    noClasses()
        .that()
        .resideOutsideOfPackage(BINDINGS)
        .should()
        .dependOnClassesThat()
        .haveNameMatching("java\\.lang\\.foreign\\.(Linker|SymbolLookup)(\\$.*)?")
        .check(CLASSES);
  }

  @Test
  void whatMorIsKnowsNeitherBackendsNorApplications() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".(*)..")
        .and()
        .resideOutsideOfPackages(ROOT + ".backend.cpu", ROOT + ".backend.cuda")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT, ROOT + ".backend.cpu", ROOT + ".backend.cuda")
        .check(CLASSES);
  }

  @Test
  void exportsAreQualifiedUnlessApplicationsNeedThem() {
    Map<String, Set<String>> found = new TreeMap<>();
    for (ModuleDescriptor module : modules()) {
      found.put(
          module.name(),
          module.exports().stream()
              .filter(exports -> !exports.isQualified())
              .map(ModuleDescriptor.Exports::source)
              .collect(Collectors.toCollection(TreeSet::new)));
    }
    assertThat(found).containsExactlyInAnyOrderEntriesOf(FOR_APPLICATIONS);
  }

  @Test
  void noArrowRunsBackUp() {
    Map<String, Set<String>> found = new TreeMap<>();
    for (ModuleDescriptor module : modules()) {
      found.put(
          module.name(),
          module.requires().stream()
              .map(ModuleDescriptor.Requires::name)
              .filter(name -> name.startsWith("dev.mor4j."))
              .collect(Collectors.toCollection(TreeSet::new)));
    }
    assertThat(found).containsExactlyInAnyOrderEntriesOf(MAY_READ);
  }

  private static List<ModuleDescriptor> modules() {
    Path root = ProjectFiles.root();
    return Stream.of(
            "bindings",
            "runtime/model",
            "runtime/mor",
            "runtime/backend-cpu",
            "runtime/backend-cuda",
            "runtime/api")
        .flatMap(
            folder ->
                ModuleFinder.of(root.resolve(folder).resolve("target/classes")).findAll().stream())
        .map(module -> module.descriptor())
        .toList();
  }

  @Test
  void everyPackageOfTheProjectSaysWhatItIs() throws IOException {
    Set<Path> silent = new TreeSet<>();
    for (Path sources : sourceFolders()) {
      try (Stream<Path> files = Files.walk(sources)) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .map(Path::getParent)
            .filter(folder -> !folder.equals(sources))
            .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
            .map(ProjectFiles.root()::relativize)
            .forEach(silent::add);
      }
    }
    assertThat(silent).as("packages without a package-info.java").isEmpty();
  }

  private static List<Path> sourceFolders() throws IOException {
    try (Stream<Path> poms = Files.find(ProjectFiles.root(), 3, (file, facts) -> isPom(file))) {
      List<Path> folders =
          poms.map(pom -> pom.resolveSibling("src/main/java")).filter(Files::isDirectory).toList();
      assertThat(folders).hasSizeGreaterThan(8);
      return folders;
    }
  }

  /** Not one in a build folder; where the project itself lies does not matter. */
  private static boolean isPom(Path file) {
    Path inProject = ProjectFiles.root().relativize(file);
    return file.endsWith("pom.xml") && !inProject.toString().contains("target");
  }

  /** Each rule is seen to fail on classes that break it. */
  @Test
  void theRulesFailWhereTheyAreBroken() {
    JavaClasses broken = new ClassFileImporter().importPackages("dev.mor4j.architecture.broken");
    assertThat(broken).hasSize(3);
    assertThatThrownBy(() -> StructureRules.noCircles().check(broken))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Cycle detected")
        .hasMessageContaining("broken.up")
        .hasMessageContaining("broken.down");
    assertThatThrownBy(() -> StructureRules.smallRecords().check(broken))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("Wide has 8 components");
    assertThatThrownBy(() -> StructureRules.namesThatSay().check(broken))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("BelowHelper");
  }
}
