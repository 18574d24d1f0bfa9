package dev.mor4j.benchmarks.compare;

import dev.mor4j.benchmarks.peers.PeerEngine;
import dev.mor4j.benchmarks.setup.BenchmarkModels;
import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.util.Optional;

/**
 * Whether other engines generate the tokens that ours generates, greedily, from the same weights:
 * both paths of some prompts are printed. What they agree in: the stored numbers and the
 * architecture, so that times can be compared.
 *
 * <p>At float32 every token has to agree. At bfloat16 engines round activations in different
 * places, so a path may part from ours where our logits of both tokens nearly tie: by {@value #TIE}
 * of the logits' root mean square or less. Coarser types are not checked; there near ties are
 * everywhere.
 */
public final class PeerCheck {
  private static final int PROMPTS = 3;
  private static final int TOKENS = 20;
  private static final int PROMPT = 16;

  /** Share of the logits' root mean square that counts as a tie at bfloat16. */
  static final double TIE = 0.05;

  private PeerCheck() {}

  /**
   * Checks with the models and engines that {@code given} names; true where all agree.
   *
   * @param given {@code -p model=…}, {@code -p engine=…}, {@code -p type=…}
   */
  public static boolean run(CommandLineOptions given, PrintStream out) throws IOException {
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
          agreed &= compare(engine, model, type, ours, theirs, out);
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
      String engine, String model, String type, int[][] ours, int[][] theirs, PrintStream out)
      throws IOException {
    int same = 0;
    boolean agree = true;
    for (int i = 0; i < PROMPTS; i++) {
      int common = common(ours[i], theirs[i]);
      same += common;
      if (common < TOKENS) {
        double gap = gap(model, type, prompts()[i], ours[i], common, theirs[i][common]);
        boolean tie = !type.equals("f32") && gap <= TIE;
        agree &= tie;
        out.printf(
            Locale.ROOT,
            "  %s: prompt %d parts at token %d, where ours leads by %.4f of the logits' rms: %s%n",
            engine,
            i,
            common,
            gap,
            tie ? "a near tie" : "DISAGREES");
      }
    }
    out.printf(Locale.ROOT, "  %s: %d of %d tokens agree%n", engine, same, PROMPTS * TOKENS);
    return agree;
  }

  /** How far our token's logit is above theirs after {@code common} tokens, in units of the rms. */
  private static double gap(
      String model, String type, int[] prompt, int[] path, int common, int theirs)
      throws IOException {
    int[] text = Arrays.copyOf(prompt, PROMPT + common);
    System.arraycopy(path, 0, text, PROMPT, common);
    double[] gap = {Double.NaN};
    try (MorModel opened =
        MorModel.open(BenchmarkModels.folder(model, BenchmarkModels.dtype(model, type)))) {
      opened.score(
          text,
          RoutingMode.THRESHOLD,
          SessionOptions.defaults(),
          (first, count, logits) -> {
            if (first + count == text.length) {
              int vocabulary = opened.config().architecture().vocabulary();
              int last = (count - 1) * vocabulary;
              double squares = 0;
              for (int i = 0; i < vocabulary; i++) {
                squares += (double) logits[last + i] * logits[last + i];
              }
              gap[0] =
                  (logits[last + path[common]] - logits[last + theirs])
                      / Math.sqrt(squares / vocabulary);
            }
          });
    }
    return gap[0];
  }

  private static int[][] prompts() {
    SplittableRandom random = new SplittableRandom(Texts.SEED);
    int[][] prompts = new int[PROMPTS][];
    for (int i = 0; i < PROMPTS; i++) {
      prompts[i] = random.ints(PROMPT, 0, 1000).toArray();
    }
    return prompts;
  }

  private static int[][] greedy(String engine, String model, String type) throws IOException {
    int[][] prompts = prompts();
    int[][] paths = new int[PROMPTS][TOKENS];
    try (PeerEngine opened =
        PeerModels.open(engine, model, type, 2, false, PROMPT + TOKENS + 1, 1)) {
      for (int p = 0; p < PROMPTS; p++) {
        int[] ids = paths[p];
        ids[0] = opened.prefill(new int[][] {prompts[p]}, TOKENS)[0];
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
