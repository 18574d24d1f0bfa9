package dev.mor4j.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What {@code benchmarks.jar} does besides running JMH's benchmarks; its option names it. */
enum Mode {
  QUICK(
      "--quick",
      "JMH's benchmarks on the models demo, 135m-vanilla and 135m-mor3, in some minutes",
      "-p model=, -p context= and the options of JMH, which take precedence"),
  BATCHING(
      "--batching",
      "an engine with continuous depth-wise batching beside itself without, and beside other models",
      "-p size=360m, or -p model=NAME_OR_DIR,...; -p dtype=int8, -p kv=f32, -p sequences=32,"
          + " -f ROUNDS, -r TIME"),
  KV(
      "--kv",
      "what the KV caches of a model hold, and how many sequences fit a budget",
      "-p size=135m -p mor=mor2,mor3, or -p model=NAME_OR_DIR,...; -p dtype=int8, -p kv=int8,"
          + " -p context=512, -p budget=256 (MiB)"),
  SIMULATE(
      "--simulate",
      "what depth-wise batching gains on machines with other rates; it computes no model",
      "none"),
  PEERS(
      "--peers",
      "mor4j beside llama.cpp and jlama; needs mvn -Ppeers package",
      "-p model=NAME_OR_DIR, -p dtype=bf16, -p engine=llama.cpp,jlama, -p type=q8_0, -p mor=mor3,"
          + " -p context=32, -p batch=1, -p kv=f32, -f ROUNDS, -rff FILE"),
  CHECK_PEERS(
      "--check-peers",
      "whether these engines generate the same tokens; needs mvn -Ppeers package",
      "-p model=NAME_OR_DIR, -p engine=llama.cpp,jlama, -p type=f32,bf16"),
  DEVICE(
      "--device",
      "models on a GPU: bandwidth, decoding, prompts, serving, memory",
      "--models NAME_OR_DIR,..., --batch N, --tokens N, --prefill N, --rounds N, --window MS,"
          + " --sessions N, --json FILE, --tiny"),
  DEVICE_FACTS("--device-facts", "what there is of CUDA and of a GPU", "FILE (JSON)"),
  DEVICE_GOLDENS(
      "--device-goldens",
      "checkpoints on a GPU against the outputs of the authors' code",
      "FILE (JSON) CHECKPOINT_DIR..."),
  DEVICE_REPORT(
      "--device-report", "the report of scripts/gpu-check from what its steps wrote", "DIR");

  private static final int COLUMNS = 100;

  private final String option;
  private final String purpose;
  private final String parameters;

  Mode(String option, String purpose, String parameters) {
    this.option = option;
    this.purpose = purpose;
    this.parameters = parameters;
  }

  String option() {
    return option;
  }

  /** Whether the arguments after it are its own, which JMH does not know. */
  boolean hasOwnArguments() {
    return option.startsWith(DEVICE.option);
  }

  /**
   * The mode that the arguments name, if they name one.
   *
   * @throws IllegalArgumentException where they name two, or one that does not exist
   */
  static Optional<Mode> of(List<String> arguments) {
    List<Mode> found = new ArrayList<>();
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (!argument.startsWith("--") || isValue(arguments, i)) {
        continue;
      }
      Mode mode =
          Arrays.stream(values())
              .filter(one -> one.option.equals(argument))
              .findFirst()
              .orElseThrow(() -> new IllegalArgumentException(unknown(argument)));
      found.add(mode);
      if (mode.hasOwnArguments()) {
        break;
      }
    }
    if (found.size() > 1) {
      throw new IllegalArgumentException(
          found.get(0).option + " and " + found.get(1).option + " exclude each other");
    }
    return found.stream().findFirst();
  }

  /** After an option of JMH, such as {@code -jvmArgs --enable-preview}. */
  private static boolean isValue(List<String> arguments, int index) {
    return index > 0
        && arguments.get(index - 1).startsWith("-")
        && !arguments.get(index - 1).startsWith("--");
  }

  private static String unknown(String argument) {
    return "no mode "
        + argument
        + ", expected one of "
        + String.join(", ", Arrays.stream(values()).map(Mode::option).toList())
        + "; --help tells about them";
  }

  /** A line of two columns, whose second goes on below where it is too long. */
  private static void line(StringBuilder text, String name, String words) {
    StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "  %-17s", name));
    for (String word : words.split(" ", -1)) {
      if (line.length() + 1 + word.length() > COLUMNS) {
        text.append(line).append('\n');
        line = new StringBuilder(" ".repeat(19));
      }
      line.append(' ').append(word);
    }
    text.append(line).append('\n');
  }

  /** The help of the command line. */
  static String help() {
    StringBuilder text = new StringBuilder();
    text.append(
        """
        Usage: java -jar benchmarks.jar [MODE] [OPTIONS] [REGEX...]

        Without a mode JMH runs the benchmarks whose names match one of the expressions, or all of
        them, which takes hours. Parameters:
            -p model=NAME_OR_DIR,..., -p dtype=bf16, -p kernels=auto, -p kv=f32, -p backend=cpu,
            -p threads=0, -p context=32, -p batch=1

        Modes:
        """);
    for (Mode mode : values()) {
      line(text, mode.option, mode.purpose);
      line(text, "", "parameters: " + mode.parameters);
    }
    return text.append(
            """

            NAME_OR_DIR is the name of a model, such as demo, 135m-vanilla or 360m-mor3, which is
            made at its first use, or the folder of a converted model, written with a slash:
                java -jar benchmarks.jar Decode -p model=./models/mine
            Such a folder is measured with the numbers that are stored there. System properties
            (java -D... -jar): mor4j.benchmarks.models is where models are kept, and
            mor4j.benchmarks.checkpoint is the checkpoint of demo.

            JMH's own: -h shows its options, -l its benchmarks, -lp their parameters.

            Exit codes: 0, all went well; 1, a check failed; 2, wrong usage; 3, there is no GPU.
            """)
        .toString();
  }
}
