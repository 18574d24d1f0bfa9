package dev.mor4j.cli;

import dev.mor4j.cli.options.RuntimeDefaults;
import dev.mor4j.cli.terminal.Terminal;
import dev.mor4j.runtime.BackendChoice;
import dev.mor4j.runtime.DepthBatching;
import dev.mor4j.runtime.DeviceOptions;
import dev.mor4j.runtime.KernelChoice;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.format.WeightsPlacement;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.packing.Packing;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;

/** The commands by name. Only the one that was called for is made: start-up counts. */
final class Commands {
  private static final Map<String, Function<Terminal, Callable<Integer>>> ALL = all();

  private Commands() {}

  private static Map<String, Function<Terminal, Callable<Integer>>> all() {
    Map<String, Function<Terminal, Callable<Integer>>> commands = new LinkedHashMap<>();
    commands.put("demo", DemoCommand::new);
    commands.put("convert", ConvertCommand::new);
    commands.put("inspect", InspectCommand::new);
    commands.put("generate", GenerateCommand::new);
    commands.put("chat", ChatCommand::new);
    commands.put("serve", ServeCommand::new);
    commands.put("tokenize", TokenizeCommand::new);
    commands.put("detokenize", DetokenizeCommand::new);
    commands.put("render-template", RenderTemplateCommand::new);
    commands.put("perplexity", PerplexityCommand::new);
    commands.put("compare", CompareCommand::new);
    commands.put("verify", VerifyCommand::new);
    commands.put("depths", DepthsCommand::new);
    commands.put("doctor", DoctorCommand::new);
    commands.put("bench-serve", BenchServeCommand::new);
    commands.put("random", RandomCommand::new);
    commands.put("export", ExportCommand::new);
    return commands;
  }

  /** The command line with the command that {@code arguments} begin with, or with all of them. */
  static CommandLine commandLine(Terminal terminal, String[] arguments) {
    CommandLine line = new CommandLine(new RootCommand(terminal));
    String name = arguments.length == 0 ? "" : arguments[0];
    if (ALL.containsKey(name)) {
      line.addSubcommand(name, ALL.get(name).apply(terminal));
    } else {
      ALL.forEach((other, make) -> line.addSubcommand(other, make.apply(terminal)));
      line.addSubcommand("help", new CommandLine.HelpCommand());
    }
    return line.setDefaultValueProvider(new RuntimeDefaults())
        .registerConverter(BackendChoice.class, Commands::backend)
        .registerConverter(DeviceOptions.Numbers.class, Commands::numbers)
        .registerConverter(KernelChoice.class, Commands::kernels)
        .registerConverter(KvCacheType.class, Commands::kvCache)
        .registerConverter(WeightsPlacement.class, Commands::weights)
        .registerConverter(RoutingMode.class, Commands::routing)
        .registerConverter(Packing.class, Commands::packing)
        .registerConverter(DepthBatching.class, Commands::depthBatching);
  }

  private static BackendChoice backend(String text) {
    return BackendChoice.find(text)
        .orElseThrow(
            () ->
                new CommandLine.TypeConversionException(
                    "found '" + text + "', expected cpu or cuda"));
  }

  private static DeviceOptions.Numbers numbers(String text) {
    for (DeviceOptions.Numbers numbers : DeviceOptions.Numbers.values()) {
      if (numbers.name().equalsIgnoreCase(text)) {
        return numbers;
      }
    }
    throw new CommandLine.TypeConversionException(
        "found '" + text + "', expected auto, f32, bf16 or f16");
  }

  private static KernelChoice kernels(String text) {
    return KernelChoice.find(text)
        .orElseThrow(
            () ->
                new CommandLine.TypeConversionException(
                    "found '"
                        + text
                        + "', expected auto, avx512-bf16, avx512-vnni, avx512, avx2, portable or"
                        + " java"));
  }

  private static KvCacheType kvCache(String text) {
    for (KvCacheType type : KvCacheType.values()) {
      if (type.label().equals(text.toLowerCase(Locale.ROOT))) {
        return type;
      }
    }
    throw new CommandLine.TypeConversionException(
        "found '" + text + "', expected f32, bf16 or int8");
  }

  private static WeightsPlacement weights(String text) {
    for (WeightsPlacement placement : WeightsPlacement.values()) {
      if (placement.name().equalsIgnoreCase(text)) {
        return placement;
      }
    }
    throw new CommandLine.TypeConversionException(
        "found '" + text + "', expected auto, mapped or copied");
  }

  private static Packing packing(String text) {
    return Packing.find(text.toLowerCase(Locale.ROOT))
        .orElseThrow(
            () ->
                new CommandLine.TypeConversionException(
                    "found '" + text + "', expected bf16, int8 or int4"));
  }

  private static DepthBatching depthBatching(String text) {
    for (DepthBatching batching : DepthBatching.values()) {
      if (batching.name().equalsIgnoreCase(text)) {
        return batching;
      }
    }
    throw new CommandLine.TypeConversionException(
        "found '" + text + "', expected continuous, off or padded");
  }

  private static RoutingMode routing(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "threshold" -> RoutingMode.THRESHOLD;
      case "topk", "top-k", "top_k" -> RoutingMode.TOP_K;
      default ->
          throw new CommandLine.TypeConversionException(
              "found '" + text + "', expected threshold or topk");
    };
  }

  /** The name of a routing mode on the command line and in JSON. */
  static String label(RoutingMode mode) {
    return mode == RoutingMode.TOP_K ? "topk" : "threshold";
  }
}
