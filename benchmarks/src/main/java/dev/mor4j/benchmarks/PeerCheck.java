package dev.mor4j.benchmarks;

import dev.mor4j.benchmarks.peers.PeerEngine;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.util.Optional;

/**
 * Whether other engines generate the tokens that ours generates, greedily, from the same weights.
 * What they agree in: the stored numbers and the architecture, so that times can be compared. At
 * float32 and bfloat16 only, for coarser types each engine rounds differently and near ties fall
 * either way.
 *
 * <p>llama.cpp multiplies bfloat16 matrices by activations rounded to bfloat16, so there float32 is
 * what has to agree; the paths at bfloat16 are told.
 */
final class PeerCheck {
  private static final int PROMPTS = 3;
  private static final int TOKENS = 20;
  private static final int PROMPT = 16;

  private PeerCheck() {}

  /**
   * Checks with the models and engines that {@code given} names; true where all agree.
   *
   * @param given {@code -p model=…}, {@code -p engine=…}, {@code -p type=…}
   */
  static boolean run(CommandLineOptions given, PrintStream out) throws IOException {
    boolean agreed = true;
    for (String model : values(given, "model", List.of("135m-vanilla"))) {
      for (String type : values(given, "type", List.of("f32", "bf16"))) {
        int[][] ours = greedy(PeerModels.OURS, model, type);
        out.printf(Locale.ROOT, "%n%s %s%n", model, type);
        print(PeerModels.OURS, ours, out);
        for (String engine :
            values(given, "engine", List.of(PeerModels.LLAMA_CPP, PeerModels.JLAMA))) {
          int[][] theirs = greedy(engine, model, type);
          print(engine, theirs, out);
          agreed &= compare(engine, type, ours, theirs, out);
        }
      }
    }
    out.println(
        agreed ? "The engines agree." : "The engines disagree: do not compare their times.");
    out.flush();
    return agreed;
  }

  /** The values of a parameter on the command line, or these. */
  static List<String> values(CommandLineOptions given, String name, List<String> otherwise) {
    Optional<Collection<String>> values = given.getParameter(name);
    return values.hasValue() ? List.copyOf(values.get()) : otherwise;
  }

  private static boolean compare(
      String engine, String type, int[][] ours, int[][] theirs, PrintStream out) {
    int same = 0;
    for (int i = 0; i < PROMPTS; i++) {
      same += common(ours[i], theirs[i]);
    }
    boolean agree = same == PROMPTS * TOKENS;
    boolean mustAgree = type.equals("f32") || !engine.equals(PeerModels.LLAMA_CPP);
    out.printf(
        Locale.ROOT,
        "  %s: %d of %d tokens agree%s%n",
        engine,
        same,
        PROMPTS * TOKENS,
        agree ? "" : mustAgree ? ": DISAGREES" : " (it rounds activations to bf16; no error)");
    return agree || !mustAgree;
  }

  private static int[][] greedy(String engine, String model, String type) throws IOException {
    SplittableRandom random = new SplittableRandom(Texts.SEED);
    int[][] paths = new int[PROMPTS][TOKENS];
    try (PeerEngine opened =
        PeerModels.open(engine, model, type, 2, false, PROMPT + TOKENS + 1, 1)) {
      for (int[] ids : paths) {
        int[][] prompt = {random.ints(PROMPT, 0, 1000).toArray()};
        ids[0] = opened.prefill(prompt, TOKENS)[0];
        for (int i = 1; i < TOKENS; i++) {
          ids[i] = opened.step()[0];
        }
      }
    }
    return paths;
  }

  /** How many tokens two paths have in common, from the first. */
  static int common(int[] a, int[] b) {
    int same = 0;
    while (same < Math.min(a.length, b.length) && a[same] == b[same]) {
      same++;
    }
    return same;
  }

  private static void print(String engine, int[][] paths, PrintStream out) {
    for (int[] ids : paths) {
      StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "  %-10s", engine));
      for (int id : ids) {
        line.append(' ').append(id);
      }
      out.println(line);
    }
  }
}
