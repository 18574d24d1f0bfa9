package dev.mor4j.cli.options;

import dev.mor4j.runtime.EncodingOptions;
import dev.mor4j.runtime.GenerationOptions;
import java.util.List;
import picocli.CommandLine;

/** Which special tokens a text gets, and whether it may bring its own. */
public final class SpecialTokenOptions {
  /** The names of these options. */
  public static final List<String> NAMES = List.of("--no-bos", "--parse-special");

  @CommandLine.Option(
      names = "--no-bos",
      description = "Do not put the tokens that begin a text before it.")
  boolean noBos;

  @CommandLine.Option(
      names = "--parse-special",
      description =
          "Take special tokens that are written in the text, such as </s>, as such. Default: they are"
              + " text like any other.")
  boolean parseSpecial;

  /** How a whole text is encoded. */
  public EncodingOptions encoding() {
    return EncodingOptions.defaults().withAddBegin(!noBos).withParseSpecial(parseSpecial);
  }

  /** How a prompt is encoded. */
  public GenerationOptions prompt(GenerationOptions options) {
    return options.withAddBos(!noBos).withParseSpecial(parseSpecial);
  }
}
