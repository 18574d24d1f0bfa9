package dev.mor4j.converter.verify;

import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import dev.mor4j.runtime.SessionOptions;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.bounds.TextFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * How far two models of one shape are from each other on a text: B, say, is A with quantised
 * weights. Numbers are NaN where a logit was.
 *
 * @param windows texts scored, each alone
 * @param tokens tokens scored, in all
 * @param sameTop tokens after which both say the same next token
 * @param likelihood how well each predicts the text
 * @param decisions how often they route alike
 * @param distance how far their outputs are apart
 */
public record ModelComparison(
    int windows,
    long tokens,
    long sameTop,
    Likelihood likelihood,
    Decisions decisions,
    Distance distance) {
  /**
   * Mean negative log-likelihoods of a token, in nats.
   *
   * @param natsOfA of model A
   * @param natsOfB of model B
   */
  public record Likelihood(double natsOfA, double natsOfB) {}

  /**
   * Routing decisions: one for each token and recursion.
   *
   * @param all of them
   * @param same those that are the same
   * @param clear decisions by threshold where the router of A was further than {@link
   *     #CLEAR_MARGIN} from it
   * @param sameClear those of the clear ones that are the same
   */
  public record Decisions(long all, long same, long clear, long sameClear) {}

  /**
   * Differences of the outputs.
   *
   * @param meanDivergence mean of KL(A‖B) over the tokens, in nats
   * @param largestDivergence the largest KL(A‖B)
   * @param largestLogit largest absolute difference of a logit
   */
  public record Distance(double meanDivergence, double largestDivergence, double largestLogit) {}

  /** Router outputs closer to the threshold than this are a matter of rounding. */
  public static final double CLEAR_MARGIN = 0.05;

  /**
   * Scores the windows with both models and compares. Holds the logits of one window of A: its
   * tokens · V · 4 bytes.
   *
   * @throws ModelFormatException where the models differ in their sizes, recursions or tokenizer
   */
  public static ModelComparison run(
      MorModel a, MorModel b, TextWindows windows, RoutingMode mode, SessionOptions options)
      throws IOException {
    return run(a, b, windows, mode, options, done -> {});
  }

  /**
   * The same, with {@code progress} told after each window how many are done.
   *
   * @throws ModelFormatException where the models differ in their sizes, recursions or tokenizer
   */
  public static ModelComparison run(
      MorModel a,
      MorModel b,
      TextWindows windows,
      RoutingMode mode,
      SessionOptions options,
      IntConsumer progress)
      throws IOException {
    requireAlike(a, b);
    ComparedWindows compared = new ComparedWindows(a, b, windows, mode, options);
    for (int window = 0; window < windows.count(); window++) {
      compared.add(window);
      progress.accept(window + 1);
    }
    return compared.result();
  }

  /**
   * Checks that the same token ids mean the same to both, and that their depths can be compared.
   */
  private static void requireAlike(MorModel a, MorModel b) throws IOException {
    String shapeOfA = shape(a.config());
    String shapeOfB = shape(b.config());
    if (!shapeOfA.equals(shapeOfB)) {
      throw new ModelFormatException(
          b.folder(), "is a model of " + shapeOfB + ", expected " + shapeOfA + " as " + a.folder());
    }
    List<Path> filesOfA = TextFiles.tokenizer(a.folder());
    List<Path> filesOfB = TextFiles.tokenizer(b.folder());
    if (filesOfA.size() != filesOfB.size()) {
      throw new ModelFormatException(
          b.folder(), "has the tokenizer " + names(filesOfB) + ", expected " + names(filesOfA));
    }
    for (int i = 0; i < filesOfA.size(); i++) {
      Path ofA = filesOfA.get(i);
      Path ofB = filesOfB.get(i);
      if (!ofA.getFileName().equals(ofB.getFileName()) || Files.mismatch(ofA, ofB) >= 0) {
        throw new ModelFormatException(ofB, "differs from " + ofA);
      }
    }
  }

  private static List<String> names(List<Path> files) {
    return files.stream().map(file -> file.getFileName().toString()).toList();
  }

  private static String shape(ModelConfig config) {
    var sizes = config.architecture();
    return "hidden size "
        + sizes.hidden()
        + ", feed-forward "
        + sizes.intermediate()
        + ", "
        + sizes.heads()
        + " and "
        + sizes.kvHeads()
        + " heads of "
        + sizes.headDim()
        + ", "
        + sizes.layers()
        + " layers, vocabulary "
        + sizes.vocabulary()
        + ", "
        + config.recursions()
        + " recursions";
  }
}
