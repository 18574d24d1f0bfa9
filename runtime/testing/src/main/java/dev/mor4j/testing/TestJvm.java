package dev.mor4j.testing;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** JVMs of their own for tests: this one's class path and modules, all on the class path. */
public final class TestJvm {
  private TestJvm() {}

  /**
   * Runs {@code main} in a JVM in which {@link FailingAllocations} work.
   *
   * @param folder for a file that the JVM needs
   * @param options of the JVM
   * @return what it has written
   * @throws AssertionError when it ends otherwise than with 0; with its output
   */
  public static String withFailingAllocations(
      Path folder, List<String> options, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest
        .getMainAttributes()
        .put(new Attributes.Name("Premain-Class"), AllocationAgent.class.getName());
    Path agent = folder.resolve("agent.jar");
    try (OutputStream out = Files.newOutputStream(agent)) {
      new JarOutputStream(out, manifest).close();
    }
    List<String> all = new ArrayList<>(options);
    all.add("-javaagent:" + agent);
    return run(all, main, arguments);
  }

  /** As above, without them. */
  public static String run(List<String> options, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-D" + ProjectFiles.PROPERTY + "=" + ProjectFiles.root());
    command.add("-XX:-CreateCoredumpOnCrash");
    command.addAll(options);
    command.addAll(List.of("-cp", classPath(), main.getName()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int code = process.waitFor();
      if (code != 0) {
        throw new AssertionError("exit code " + code + " of " + main.getName() + ":\n" + output);
      }
      return output;
    } finally {
      process.destroyForcibly();
    }
  }

  /** On the module path the classes of a module's tests are on neither path of the JVM. */
  private static String classPath() {
    Path module = Path.of(System.getProperty("basedir", System.getProperty("user.dir")));
    return Stream.of(
            System.getProperty("surefire.test.class.path"),
            System.getProperty("java.class.path"),
            System.getProperty("jdk.module.path"),
            module.resolve(Path.of("target", "test-classes")).toString(),
            module.resolve(Path.of("target", "classes")).toString())
        .filter(Objects::nonNull)
        .filter(path -> !path.isEmpty())
        .collect(Collectors.joining(System.getProperty("path.separator")));
  }
}
