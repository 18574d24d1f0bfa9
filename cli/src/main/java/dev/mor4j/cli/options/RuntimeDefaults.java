package dev.mor4j.cli.options;

import java.lang.reflect.Field;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine;

/**
 * The defaults of options that the runtime or the server decides, so that they are written there
 * alone. Help shows them as {@code ${DEFAULT-VALUE}}, as those of annotations.
 */
public final class RuntimeDefaults implements CommandLine.IDefaultValueProvider {
  private static final Map<Class<?>, Supplier<Map<String, String>>> GROUPS =
      Map.of(
          ModelArguments.KernelOptions.class, ModelArguments.KernelOptions::defaults,
          SamplingOptions.class, SamplingOptions::defaults,
          RecursionOptions.class, RecursionOptions::defaults,
          EngineArguments.class, EngineArguments::defaults,
          ServerArguments.class, ServerArguments::defaults);

  /** The default of an option in one of the groups; null for what its annotation says. */
  @Override
  public String defaultValue(CommandLine.Model.ArgSpec argument) {
    if (argument instanceof CommandLine.Model.OptionSpec option
        && option.userObject() instanceof Field field
        && GROUPS.containsKey(field.getDeclaringClass())) {
      return GROUPS.get(field.getDeclaringClass()).get().get(option.longestName());
    }
    return null;
  }

  /** {@code 1.0} → {@code 1}. */
  static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
