package dev.mor4j.cli.options;

import dev.mor4j.cli.terminal.UsageException;
import dev.mor4j.converter.verify.TextWindows;
import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.RoutingMode;
import java.io.IOException;
import picocli.CommandLine;

/** A text in windows, and how its tokens are routed. */
public final class WindowOptions {
  @CommandLine.Mixin TextOption text;
  @CommandLine.Mixin SpecialTokenOptions special;

  @CommandLine.Option(
      names = "--window",
      paramLabel = "W",
      defaultValue = "512",
      description = "The number of tokens in a window. Default: ${DEFAULT-VALUE}.")
  public int window;

  @CommandLine.Option(
      names = "--windows",
      paramLabel = "N",
      defaultValue = "0",
      description = "Take only the first N windows. Default: all.")
  int windows;

  @CommandLine.Option(
      names = "--routing",
      paramLabel = "MODE",
      defaultValue = "topk",
      description =
          "How tokens are routed: topk, as models are trained and scored, or threshold, as they"
              + " generate. Default: ${DEFAULT-VALUE}.")
  public RoutingMode routing;

  /** Reads the text, before a model is opened for it. */
  public String read() throws IOException {
    if (window < 1) {
      throw new UsageException("--window is " + window + ", expected 1 or more");
    }
    if (windows < 0) {
      throw new UsageException("--windows is " + windows + ", expected 1 or more, or 0 for all");
    }
    return text.read();
  }

  /** The windows of {@code content}, at least one, as token ids of {@code model}. */
  public TextWindows of(String content, MorModel model) throws IOException {
    int most = model.config().architecture().maxPositions();
    if (window > most) {
      throw new UsageException(
          "--window is " + window + ", expected at most the " + most + " positions of the model");
    }
    int[] ids = TextTokens.of(model, content, special.encoding());
    TextWindows all = new TextWindows(ids, window, windows);
    if (all.count() == 0) {
      throw new UsageException(
          "the text has "
              + ids.length
              + " tokens, expected more than the "
              + window
              + " of one window; use a smaller --window");
    }
    return all;
  }
}
