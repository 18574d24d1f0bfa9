package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Options are values: each can be set by its name, and makes a difference that can be seen. */
class OptionsTest {
  @ParameterizedTest
  @ValueSource(
      classes = {
        SessionOptions.class,
        GenerationOptions.class,
        EncodingOptions.class,
        EngineOptions.class,
        ModelOptions.class,
        DeviceOptions.class
      })
  void everyOptionIsSetReadComparedAndShown(Class<?> type) throws ReflectiveOperationException {
    Object defaults = type.getMethod("defaults").invoke(null);
    assertThat(type.getConstructors()).isEmpty();
    assertThat(type.getMethod("defaults").invoke(null))
        .isEqualTo(defaults)
        .hasSameHashCodeAs(defaults);
    Set<String> names = new TreeSet<>();
    // One option after the other: each "with" has to keep what the ones before it have set.
    Object all = defaults;
    Map<Method, Object> set = new HashMap<>();
    for (Method method : type.getDeclaredMethods()) {
      if (Modifier.isPublic(method.getModifiers()) && method.getName().startsWith("with")) {
        String name = method.getName().substring("with".length());
        name = Character.toLowerCase(name.charAt(0)) + name.substring(1);
        Method read = type.getMethod(name);
        Object other = other(read.invoke(defaults));
        if (method.getParameterTypes()[0] == long.class && read.getReturnType() != long.class) {
          continue;
        }
        Object changed = method.invoke(defaults, other);
        names.add(name);
        all = method.invoke(all, other);
        set.put(read, other);
        assertThat(read.invoke(changed)).as("%s", method).isEqualTo(other);
        assertThat(changed).as("%s", method).isNotEqualTo(defaults);
        assertThat(changed.toString())
            .startsWith(type.getSimpleName())
            .contains(name + "=" + other);
        assertThat(method.invoke(changed, read.invoke(defaults)).toString())
            .contains(name + "=" + read.invoke(defaults));
      }
    }
    assertThat(names).isEqualTo(accessors(type));
    for (Map.Entry<Method, Object> option : set.entrySet()) {
      assertThat(option.getKey().invoke(all))
          .as("%s", option.getKey())
          .isEqualTo(option.getValue());
    }
  }

  private static Set<String> accessors(Class<?> type) {
    Set<String> names = new TreeSet<>();
    for (Method method : type.getDeclaredMethods()) {
      boolean reads =
          method.getParameterCount() == 0
              && Modifier.isPublic(method.getModifiers())
              && !Modifier.isStatic(method.getModifiers())
              // A short way to set an option, such as requireNative().
              && method.getReturnType() != type;
      if (reads && !Set.of("hashCode", "toString").contains(method.getName())) {
        names.add(method.getName());
      }
    }
    return names;
  }

  /** A value that is allowed, and not {@code value}. */
  private static Object other(Object value) {
    return switch (value) {
      case Integer number -> number == Integer.MAX_VALUE ? number - 1 : number + 1;
      case Long number -> number + 1;
      case Double number -> number == 1.0 ? 1.5 : number == 0.0 ? 0.25 : number + 0.01;
      case Boolean flag -> !flag;
      case Duration duration -> duration.plusMillis(1);
      case OptionalLong seed -> OptionalLong.of(17);
      case List<?> list -> List.of("stop");
      case DeviceOptions device -> device.withOrdinal(3);
      case Enum<?> constant -> {
        List<Object> constants =
            new ArrayList<>(Arrays.asList(constant.getDeclaringClass().getEnumConstants()));
        constants.remove(constant);
        yield constants.getFirst();
      }
      default -> throw new AssertionError("no other value than " + value);
    };
  }

  @Test
  void aWrongValueIsNamedWithWhatWasExpected() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SessionOptions.defaults().withProbabilityThreshold(Double.NaN))
        .withMessage("probabilityThreshold is NaN, expected 0 to 1");
    for (int wrong : new int[] {-1, 1_000_001}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> ModelOptions.defaults().withSpinMicroseconds(wrong))
          .withMessage("spinMicroseconds is " + wrong + ", expected 0 to 1000000");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EngineOptions.defaults().withStepTokens(32))
        .withMessage(
            "stepTokens is 32, expected more than maxSequences, which is 32, at most 65536");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EngineOptions.defaults().withMaxSequences(Integer.MAX_VALUE))
        .withMessage("maxSequences is 2147483647, expected 1 to 4096");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GenerationOptions.defaults().withTopP(0))
        .withMessage("topP is 0.0, expected more than 0, at most 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> EngineOptions.defaults().withAgeing(Duration.ZERO))
        .withMessage("ageing is PT0S, expected a duration of more than zero");
  }
}
