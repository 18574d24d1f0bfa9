package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arguments, paths and output are UTF-8 and digits are one kind, whatever the locale. */
class LocaleTest extends CommandLineTest {
  private static final String PROMPT = "café 漢 😀";

  @ParameterizedTest
  @ValueSource(
      strings = {"", "C", "POSIX", "tr_TR", "ar_EG", "ar_EG.UTF-8", "en_US.ISO-8859-1", "C.UTF-8"})
  @Timeout(120)
  void theLauncherReadsAndWritesUtf8(String locale) throws Exception {
    Path folder = Files.createDirectory(dir.resolve("é 漢"));
    Path model = converted(TRAINED, folder.resolve("modèle"));
    Path project = launcherWithRealJava();

    Run generated =
        launch(project, locale, "generate", model, "-p", PROMPT, "-n", 4, "--seed", 1, "--json")
            .succeeds();
    JsonNode document = generated.json();
    JsonNode here =
        run("generate", model, "-p", PROMPT, "-n", 4, "--seed", 1, "--json").succeeds().json();
    assertThat(document.get("prompt_tokens")).isEqualTo(here.get("prompt_tokens"));
    assertThat(document.get("text")).isEqualTo(here.get("text"));

    Path missing = folder.resolve("für İstanbul");
    launch(project, locale, "inspect", missing).fails(3, missing.toString());
    Run inspected = launch(project, locale, "inspect", model).succeeds();
    assertThat(inspected.out()).isEqualTo(run("inspect", model).succeeds().out());
    assertThat(inspected.out().codePoints().filter(c -> Character.isDigit(c) && c > 127)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"arab", "deva"})
  @Timeout(120)
  void withoutTheLauncherMessagesHaveTheSameDigits(String digits) throws Exception {
    Path model = converted(TRAINED, dir.resolve("model"));
    Run run =
        process(
                Map.of("LC_ALL", "C.UTF-8"),
                "java",
                List.of(
                    java().toString(),
                    "-Duser.language.format=ar",
                    "-Duser.country.format=EG",
                    "-Duser.extensions.format=u-nu-" + digits,
                    "-cp",
                    classPath(),
                    "dev.mor4j.cli.Main",
                    "inspect",
                    model.toString()))
            .succeeds();
    assertThat(run.out()).isEqualTo(run("inspect", model).succeeds().out());
  }

  /** The launcher in a project of its own, whose JVM is this one with this test's class path. */
  private Path launcherWithRealJava() throws IOException {
    Path project = Files.createDirectory(dir.resolve("project"));
    Files.copy(ROOT.resolve("mor4j"), project.resolve("mor4j"));
    Path app = Files.createDirectories(project.resolve("cli/target/app"));
    Files.createFile(app.resolve("mor4j-cli-0.1.0-SNAPSHOT.jar"));
    Path bin = Files.createDirectories(dir.resolve("jdk").resolve("bin"));
    Files.writeString(bin.resolveSibling("release"), "JAVA_VERSION=\"25.0.1\"\n");
    Files.writeString(
        bin.resolve("java"),
        """
        #!/bin/sh
        while [ "$1" != dev.mor4j.cli/dev.mor4j.cli.Main ]; do shift; done
        shift
        exec '%s' -cp '%s' dev.mor4j.cli.Main "$@"
        """
            .formatted(java(), classPath()));
    Files.setPosixFilePermissions(
        bin.resolve("java"), PosixFilePermissions.fromString("rwxr-xr-x"));
    return project;
  }

  private Run launch(Path project, String locale, Object... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add("sh");
    command.add(project.resolve("mor4j").toString());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return process(
        Map.of("JAVA_HOME", dir.resolve("jdk").toString(), "MOR4J_NO_ARCHIVE", "1", "LANG", locale),
        "launch",
        command);
  }

  private Run process(Map<String, String> environment, String name, List<String> command)
      throws Exception {
    Path out = dir.resolve(name + ".out");
    Path err = dir.resolve(name + ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().keySet().removeIf(key -> key.startsWith("LC_") || key.equals("LANG"));
    builder.environment().putAll(environment);
    builder.environment().values().removeIf(String::isEmpty);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private static Path java() {
    return Path.of(System.getProperty("java.home"), "bin", "java");
  }

  /** Both paths of this test as one class path. */
  private static String classPath() {
    String modules = System.getProperty("jdk.module.path");
    String classes = System.getProperty("java.class.path");
    return modules == null ? classes : modules + File.pathSeparator + classes;
  }
}
