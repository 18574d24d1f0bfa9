package dev.mor4j.runtime.text.tokenizer.decode;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;

/** Leaves out tokens that repeat the one before, and padding. */
final class CtcStep extends WholeTokenStep {
  private final Config config;
  private String previous;

  private CtcStep(DecodeStep next, Config config) {
    super(next);
    this.config = config;
  }

  static DecodeStep.Factory read(Settings settings) throws ModelFormatException {
    var config =
        new Config(
            settings.text("pad_token"),
            settings.text("word_delimiter_token"),
            settings.flag("cleanup"));
    for (String key : new String[] {"pad_token", "word_delimiter_token"}) {
      if (settings.text(key).isEmpty()) {
        throw settings.refuse(key, "a text that is not empty");
      }
    }
    return next -> new CtcStep(next, config);
  }

  @Override
  void token(String token) {
    if (token.equals(previous)) {
      return;
    }
    previous = token;
    String text = token.replace(config.padToken, "");
    if (config.cleanup) {
      text = WordPieceStep.clean(text).replace(config.wordDelimiterToken, " ");
    }
    if (!text.isEmpty()) {
      pass(text);
      passEnd();
    }
  }

  private record Config(String padToken, String wordDelimiterToken, boolean cleanup) {}
}
