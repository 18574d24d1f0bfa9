package dev.mor4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The command line in locales that have another encoding, other digits, or an i without its dot:
 * started by the launcher, in a JVM of its own.
 */
class EncodingTest extends CommandLineTest {
  private Path root;
  private Path model;

  @BeforeEach
  void makeProject() throws IOException {
    model = converted(TRAINED, dir.resolve("model"));
    root = Files.createDirectories(dir.resolve("project"));
    Files.copy(ROOT.resolve("mor4j"), root.resolve("mor4j"));
    Path app = Files.createDirectories(root.resolve("cli/target/app"));
    Files.createFile(app.resolve("mor4j-cli-0.jar"));
    Path jdk = Files.createDirectories(dir.resolve("jdk").resolve("bin"));
    Files.writeString(jdk.resolveSibling("release"), "JAVA_VERSION=\"25.0.1\"\n");
    // The JVM of this test on its module path, with what the launcher gives it but for its own.
    Path java = jdk.resolve("java");
    Files.writeString(
        java,
        """
        #!/bin/sh
        while [ "$1" != -p ]; do
          case $1 in
            -Dfile.* | -Dstd*) options="${options:-} $1" ;;
          esac
          shift
        done
        shift 2
        exec '%s' $options --enable-native-access=dev.mor4j.bindings -p '%s' -cp '%s' "$@"
        """
            .formatted(
                Path.of(System.getProperty("java.home"), "bin", "java"),
                System.getProperty("jdk.module.path"),
                System.getProperty("java.class.path")));
    Files.setPosixFilePermissions(java, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /**
   * Runs a shell's line in a locale. A shell passes bytes on as they are, which this JVM, in a
   * locale of its own, might not.
   */
  private Run shell(Map<String, String> locale, String line) throws Exception {
    Path script = dir.resolve("script");
    Path out = dir.resolve("out");
    Path err = dir.resolve("err");
    Files.writeString(script, "cd \"$1\"\n" + line + "\n");
    ProcessBuilder builder =
        new ProcessBuilder(List.of("sh", script.toString(), dir.toString()))
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("LC_") || name.startsWith("LANG"));
    environment.putAll(locale);
    environment.put("MOR4J_NO_ARCHIVE", "1");
    environment.put("JAVA_HOME", dir.resolve("jdk").toString());
    Process process = builder.start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Run(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  private static Map<String, String> locale(String name) {
    return name.equals("unset") ? Map.of() : Map.of("LANG", name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"unset", "C", "POSIX", "tr_TR", "ar_EG", "de_DE.ISO-8859-1"})
  void argumentsPathsInputAndOutputAreUtf8(String locale) throws Exception {
    String prompt = "café 漢 😀";
    int tokens =
        run("generate", model, "-p", prompt, "-n", 1, "--json").json().get("prompt_tokens").asInt();
    Run run =
        shell(
                locale(locale),
                """
            set -e
            mv model 'é漢'
            ./project/mor4j generate 'é漢' -p '%s' -n 1 --seed 1 --stats >/dev/null
            printf '%%s' '%s' | ./project/mor4j tokenize 'é漢' --no-bos >listed
            cut -f 1 listed | ./project/mor4j detokenize 'é漢'
            ./project/mor4j inspect 'ü fehlt' || test $? = 3
            """
                    .formatted(prompt, prompt))
            .succeeds();
    assertThat(run.err())
        .contains("tokens        " + tokens + " of the prompt")
        .contains("ü fehlt");
    assertThat(run.out()).isEqualTo(prompt + "\n");
    assertThat(Files.readString(dir.resolve("listed"))).contains("\"é\"", "\"漢\"", "\"😀\"");
  }

  /** Turkish has an i without its dot, Egypt's Arabic other digits; the JVM's locale is told. */
  @ParameterizedTest
  @ValueSource(
      strings = {"-Duser.language=tr -Duser.country=TR", "-Duser.language=ar -Duser.country=EG"})
  void messagesAreTheSameInEveryLocale(String settings) throws Exception {
    List<String> found = new ArrayList<>();
    for (String options : List.of("", settings)) {
      String java = "'" + dir.resolve("jdk/bin/java") + "' -p x " + options;
      String line =
          """
          m="-m dev.mor4j.cli/dev.mor4j.cli.Main"
          %s $m inspect model
          %s $m generate model -p Once -n 12 --greedy --kernels PORTABLE --kv-cache INT8 --threads 1
          %s $m perplexity model --text '%s' --window 64 --windows 1 --quiet
          %s $m tokenize --help
          %s $m generate model -p Once -n -5
          %s $m generate model -p Once --context 1234567
          """
              .replace("%s $m", java + " $m")
              .formatted(ALICE);
      Run run = shell(Map.of("LC_ALL", "C.UTF-8"), line);
      found.add(run.out() + run.err());
    }
    assertThat(found.get(1)).isEqualTo(found.get(0)).contains("2048", "1234567");
  }

  @Test
  void withoutTheLauncherLostArgumentsAreSaid() throws Exception {
    String java = "'" + dir.resolve("jdk/bin/java") + "' -p x";
    Run run =
        shell(
            Map.of("LC_ALL", "POSIX"),
            java + " -m dev.mor4j.cli/dev.mor4j.cli.Main generate model -p 'café'");
    run.fails(2, "LC_ALL=C.UTF-8");
  }
}
