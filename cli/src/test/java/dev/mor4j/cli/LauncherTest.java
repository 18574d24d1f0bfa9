package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher in a project of its own, with a Maven and a JVM that only say what they would do.
 */
class LauncherTest {
  @TempDir Path dir;
  private Path root;
  private Path tools;

  @BeforeEach
  void makeProject() throws IOException {
    root = Files.createDirectory(dir.resolve("project"));
    Files.copy(CommandLineTest.ROOT.resolve("mor4j"), root.resolve("mor4j"));
    tools = Files.createDirectory(dir.resolve("tools"));
    script(tools.resolve("cmake"), "");
    script(tools.resolve("cc"), "");
    Path jdk = Files.createDirectories(dir.resolve("jdk").resolve("bin"));
    Files.writeString(jdk.resolveSibling("release"), "JAVA_VERSION=\"25.0.1\"\n");
    script(jdk.resolve("java"), "echo \"started: $*\"");
  }

  @Test
  void theFirstUseSaysWhatIsBuilt() throws Exception {
    script(
        tools.resolve("mvn"),
        """
        echo "$*" >"$PWD/arguments"
        echo "[INFO] Scanning for projects..."
        echo "Downloading from central: https://repo.maven.apache.org/maven2/a"
        echo "Downloading from central: https://repo.maven.apache.org/maven2/b"
        echo "[INFO] Building mor4j native kernels 0.1.0-SNAPSHOT                          [2/3]"
        echo "[INFO] --- exec-maven-plugin:3.6.4:exec (cmake-build) @ mor4j-native ---"
        echo "[ 50%] Building C object kernels/a.c.o"
        echo "[INFO] Building mor4j command line 0.1.0-SNAPSHOT                            [3/3]"
        echo "[INFO] --- exec-maven-plugin:3.6.4:exec (module-descriptor) @ mor4j-cli ---"
        mkdir -p cli/target/app
        : >cli/target/app/mor4j-cli-0.1.0-SNAPSHOT.jar
        """);
    CommandLineTest.Run first = launch("--version").succeeds();
    assertThat(first.err().replaceAll("\\d+ s\n", "N s\n"))
        .contains("mor4j: first use: building with Maven")
        .contains(
            """
            mor4j:   downloading what Maven needs
            mor4j:   [2/3] mor4j native kernels, after N s
            mor4j:     cmake-build, after N s
            mor4j:   [3/3] mor4j command line, after N s
            mor4j: built in N s
            """);
    assertThat(first.out()).contains("started: ").contains("dev.mor4j.cli.Main --version");
    assertThat(Files.readString(root.resolve("arguments"))).contains("-pl cli -am package");
    assertThat(root.resolve("build.log")).doesNotExist();
    assertThat(launch("--version").succeeds().err()).doesNotContain("first use", "built");
  }

  @Test
  void aBuildThatFailsIsShown() throws Exception {
    script(
        tools.resolve("mvn"),
        """
        echo "[INFO] Building mor4j native kernels 0.1.0-SNAPSHOT                          [1/2]"
        echo "[ERROR] no compiler" >&2
        printf '\\033[0m\\033[0m'
        exit 1
        """);
    CommandLineTest.Run run = launch("demo");
    run.fails(4, "[ERROR] no compiler");
    assertThat(run.err())
        .contains("mor4j:   [1/2] mor4j native kernels", "the build failed", "build.log")
        .doesNotContain("built in");
    assertThat(run.out()).isEmpty();
    assertThat(root.resolve("build.log")).content().contains("[ERROR] no compiler");
  }

  @Test
  void startsWithoutAHomeAndWithoutRoomForItsArchive() throws Exception {
    builtBefore();
    script(tools.resolve("mktemp"), "echo 'No space left on device' >&2\nexit 1\n");
    CommandLineTest.Run run = launch("--version", List.of("HOME")).succeeds();
    assertThat(run.out()).contains("started: ").contains("dev.mor4j.cli.Main --version");
    assertThat(run.err()).contains("cannot write to " + root.toRealPath() + "/cli/target");
    // Where neither JAVA_HOME nor the PATH has a JDK, those of the system are looked at.
    script(tools.resolve("java"), "exit 1\n");
    assertThat(launch("--version", List.of("HOME", "JAVA_HOME")).err()).doesNotContain("HOME: ");
  }

  @Test
  void aProjectThatCannotBeWrittenIsNamed() throws Exception {
    script(tools.resolve("mvn"), "echo built\n");
    Files.createDirectory(root.resolve("build.log"));
    launch("demo").fails(4, "cannot write " + root.toRealPath() + "/build.log");
  }

  private void builtBefore() throws IOException {
    Path app = Files.createDirectories(root.resolve("cli/target/app"));
    Files.createFile(app.resolve("mor4j-cli-0.1.0-SNAPSHOT.jar"));
  }

  private static void script(Path file, String lines) throws IOException {
    Files.writeString(file, "#!/bin/sh\n" + lines);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private CommandLineTest.Run launch(String argument) throws Exception {
    return launch(argument, List.of());
  }

  private CommandLineTest.Run launch(String argument, List<String> unset) throws Exception {
    Path out = dir.resolve("out");
    Path err = dir.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(List.of("sh", root.resolve("mor4j").toString(), argument))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("JAVA_HOME", dir.resolve("jdk").toString());
    builder.environment().merge("PATH", tools.toString(), (path, own) -> own + ":" + path);
    builder.environment().keySet().removeAll(unset);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new CommandLineTest.Run(
        process.exitValue(), Files.readString(out), Files.readString(err));
  }
}
