package dev.mor4j.cli.documents;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.converter.CheckpointConverter;
import dev.mor4j.converter.ConversionOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every Java program of the documents compiles, and runs on the bundled model. */
class DocumentProgramsTest {
  /** What is compiled only: something that the program has, and the reason. */
  private static final Map<String, String> NOT_RUN =
      Map.of("withBackend(BackendChoice.CUDA)", "needs a GPU");

  /** Put before a program that has no {@code main} of its own: it is the body of one. */
  private static final String BEGIN =
      """
      import dev.mor4j.runtime.*;
      import dev.mor4j.runtime.engine.*;
      import dev.mor4j.server.*;

      void main() throws Exception {
      """;

  @TempDir static Path work;

  @BeforeAll
  static void convert() throws IOException {
    CheckpointConverter.convert(
        Document.ROOT.resolve("checkpoints/mor3-books"),
        work.resolve("models/mor3-books"),
        ConversionOptions.DEFAULT);
  }

  @TestFactory
  List<DynamicTest> everyProgramRuns() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Document document : Document.all()) {
      for (Document.Block block : document.blocks()) {
        if (block.language().equals("java")) {
          String name = "Program" + tests.size();
          tests.add(DynamicTest.dynamicTest(document.place(block), () -> run(name, block)));
        }
      }
    }
    assertThat(tests).hasSizeGreaterThan(5);
    return tests;
  }

  @Test
  void whatIsListedIsThere() throws IOException {
    Set<String> gone = new HashSet<>(NOT_RUN.keySet());
    for (Document document : Document.all()) {
      for (Document.Block block : document.blocks()) {
        gone.removeIf(block.text()::contains);
      }
    }
    assertThat(gone).as("listed as not run, but in no document").isEmpty();
  }

  private static void run(String name, Document.Block block) throws Exception {
    Path classes = compile(name, source(block));
    if (NOT_RUN.keySet().stream().anyMatch(block.text()::contains)) {
      return;
    }
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    PrintStream before = System.out;
    try (URLClassLoader loader =
        new URLClassLoader(new URL[] {classes.toUri().toURL()}, Document.class.getClassLoader())) {
      System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
      Class<?> program = loader.loadClass(name);
      Constructor<?> constructor = program.getDeclaredConstructor();
      constructor.setAccessible(true);
      Method main = program.getDeclaredMethod("main");
      main.setAccessible(true);
      main.invoke(constructor.newInstance());
    } catch (InvocationTargetException e) {
      throw new AssertionError("the program failed", e.getCause());
    } finally {
      System.setOut(before);
    }
    assertThat(written.toString(StandardCharsets.UTF_8)).as("what it writes").isNotBlank();
  }

  /** A whole program, with the model's folder where the test has it. */
  private static String source(Document.Block block) {
    String text = block.text().replace("Path.of(\"models/", "Path.of(\"" + work + "/models/");
    return text.contains("void main()") ? text : BEGIN + text + "}\n";
  }

  private static Path compile(String name, String source) throws IOException {
    Path folder = Files.createDirectories(work.resolve(name));
    Path file = Files.writeString(folder.resolve(name + ".java"), source);
    List<String> arguments = new ArrayList<>(List.of("-d", folder.toString(), "-Xlint:all"));
    String modules = System.getProperty("jdk.module.path");
    if (modules != null) {
      arguments.addAll(
          List.of("-p", modules, "--add-modules", "dev.mor4j.server,dev.mor4j.runtime"));
    }
    arguments.addAll(List.of("-cp", System.getProperty("java.class.path"), file.toString()));
    StringWriter said = new StringWriter();
    PrintWriter out = new PrintWriter(said);
    int code =
        ToolProvider.findFirst("javac")
            .orElseThrow()
            .run(out, out, arguments.toArray(String[]::new));
    assertThat(code).as("%s%n%s", said, source).isZero();
    return folder;
  }
}
