package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.device.DeviceException;
import dev.mor4j.runtime.engine.EngineStep;
import dev.mor4j.runtime.engine.FinishReason;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.SafetensorsWriter;
import dev.mor4j.runtime.format.Settings;
import dev.mor4j.runtime.format.TensorBytes;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.packing.Packing;
import dev.mor4j.runtime.packing.PanelPacker;
import dev.mor4j.runtime.packing.PanelReader;
import dev.mor4j.testing.TestModels;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every public method and constructor, called with null for each of its parameters in turn: all of
 * them say by its name which one was null. A class that is new here may need an example below.
 */
class NullArgumentsTest {
  /** What takes null, and why. */
  private static final Map<String, String> TAKES_NULL =
      Map.of(
          "Exception", "is made where something has failed already, which it must not hide",
          "equals", "says that nothing equals null",
          "valueOf", "is made by the compiler for enums");

  @TempDir static Path folder;

  /** For each type something to call it on, or to give it as an argument. */
  private static final Map<Class<?>, Object> EXAMPLES = new LinkedHashMap<>();

  private static final List<AutoCloseable> OPENED = new ArrayList<>();

  @BeforeAll
  static void makeExamples() throws IOException {
    Path written = TestModels.expert(folder.resolve("model"));
    MorModel model = open(MorModel.open(written));
    MorEngine engine = open(model.newEngine(EngineOptions.defaults()));
    Generation generation = engine.submit(GenerationRequest.of("A"));
    GenerationResult result = generation.result().join();
    example(model, engine, generation, result, generation.report(), engine.statistics());
    example(open(model.newSession()), model.tokenizer().orElseThrow(), model.config());
    example(model.config().architecture(), model.config().routing(), new RoutingConfig.None());
    example(open(open(model.newSession()).stream("A", GenerationOptions.greedy())));
    example(SafetensorsFile.open(written.resolve("model.safetensors")));
    example(
        GenerationRequest.of("A"),
        new Settings(folder, Map.of()),
        PanelPacker.of(Packing.INT8, 64));
    example(new PanelReader(Packing.BF16, MemorySegment.ofArray(new byte[2048]), 64));
    example(open(SafetensorsWriter.create(folder.resolve("empty"), List.of(), Map.of())));
    example(folder, "text", List.of(), Set.of(), Map.of(), new LatencyHistogram(), Arena.ofAuto());
    example(Optional.empty(), OptionalLong.empty(), Duration.ofSeconds(1), new byte[64]);
    example(CpuReport.builder(), CudaReport.builder());
    example(ChatPrompt.of(List.of()), ChatTemplate.of(""), LocalDateTime.of(2025, 7, 4, 15, 4));
    example(EngineStep.builder(), ArchitectureConfig.builder(), new int[] {1}, new float[4096]);
    example(MemorySegment.ofArray(new byte[2048]));
    EXAMPLES.put(Consumer.class, (Consumer<Object>) any -> {});
    EXAMPLES.put(TensorBytes.class, (TensorBytes) channel -> {});
    EXAMPLES.put(LogitsConsumer.class, (LogitsConsumer) (first, count, logits) -> {});
    EXAMPLES.put(RouterConsumer.class, RouterConsumer.NONE);
  }

  private static <T extends AutoCloseable> T open(T opened) {
    OPENED.addFirst(opened);
    return opened;
  }

  private static void example(Object... examples) {
    for (Object each : examples) {
      EXAMPLES.put(each.getClass(), each);
    }
  }

  @AfterAll
  static void close() throws Exception {
    for (AutoCloseable each : OPENED) {
      if (!(each instanceof SafetensorsWriter)) {
        each.close();
      }
    }
  }

  @Test
  void nullArgumentsAreNamed() throws Exception {
    List<String> wrong = new ArrayList<>();
    int checked = 0;
    // One class of each package that applications see.
    List<Class<?>> anchors =
        List.of(
            MorModel.class,
            ModelConfig.class,
            Packing.class,
            KvCacheType.class,
            FinishReason.class,
            DeviceException.class);
    for (Class<?> anchor : anchors) {
      for (Class<?> each : PublicMembers.classesBeside(anchor)) {
        for (Executable member : PublicMembers.of(each)) {
          if (!takesNull(member)) {
            try {
              checked += check(member, wrong);
            } catch (LinkageError e) {
              wrong.add(member + ": " + e.getMessage());
            }
          }
        }
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(checked).isGreaterThan(100);
  }

  private static boolean takesNull(Executable member) {
    boolean isException = Throwable.class.isAssignableFrom(member.getDeclaringClass());
    return (isException && TAKES_NULL.containsKey("Exception"))
        || (TAKES_NULL.containsKey(member.getName())
            && (!member.getName().equals("valueOf") || member.getDeclaringClass().isEnum()));
  }

  /** Calls {@code member} once for each parameter that can be null; returns how often. */
  private static int check(Executable member, List<String> wrong) throws Exception {
    Class<?>[] types = member.getParameterTypes();
    int calls = 0;
    for (int i = 0; i < types.length; i++) {
      if (types[i].isPrimitive()) {
        continue;
      }
      Object[] arguments = Arrays.stream(types).map(NullArgumentsTest::exampleOf).toArray();
      arguments[i] = null;
      String name = PublicMembers.parameterNames(member).get(i);
      Throwable thrown = thrownBy(member, arguments);
      if (!(thrown instanceof NullPointerException && name.equals(thrown.getMessage()))) {
        wrong.add(member + ", " + name + ": " + thrown);
      }
      calls++;
    }
    return calls;
  }

  private static Throwable thrownBy(Executable member, Object[] arguments) throws Exception {
    try {
      if (member instanceof Constructor<?> constructor) {
        constructor.newInstance(arguments);
      } else {
        boolean isStatic = Modifier.isStatic(member.getModifiers());
        Object target = isStatic ? null : exampleOf(member.getDeclaringClass());
        ((Method) member).invoke(target, arguments);
      }
      return null;
    } catch (InvocationTargetException e) {
      return e.getCause();
    }
  }

  /** One that is known, else an enum's first constant, the defaults of options, or a record. */
  private static Object exampleOf(Class<?> type) {
    if (type.isPrimitive()) {
      return Array.get(Array.newInstance(type, 1), 0);
    }
    for (Object each : EXAMPLES.values()) {
      if (type.isInstance(each)) {
        return each;
      }
    }
    if (type.isEnum()) {
      return type.getEnumConstants()[0];
    }
    if (type.isArray()) {
      return Array.newInstance(type.getComponentType(), 1);
    }
    try {
      return type.isRecord() ? record(type) : type.getMethod("defaults").invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("no example of " + type + "; put one into EXAMPLES", e);
    }
  }

  private static Object record(Class<?> type) throws ReflectiveOperationException {
    Class<?>[] types =
        Arrays.stream(type.getRecordComponents())
            .map(component -> component.getType())
            .toArray(Class<?>[]::new);
    return type.getConstructor(types)
        .newInstance(Arrays.stream(types).map(NullArgumentsTest::exampleOf).toArray());
  }
}
