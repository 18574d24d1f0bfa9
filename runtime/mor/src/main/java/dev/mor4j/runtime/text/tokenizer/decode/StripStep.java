package dev.mor4j.runtime.text.tokenizer.decode;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;

/**
 * Takes a character away from both ends of each token, up to a number of times. Where the library
 * panics, because a token has fewer characters than it takes away, nothing is left of the token.
 */
final class StripStep extends DecodeStep {
  private final String character;
  private final int start;
  private final int stop;
  private int stripped;
  // Characters that are left out if the token ends behind them.
  private int held;
  private boolean inside;

  private StripStep(DecodeStep next, String character, int start, int stop) {
    super(next);
    this.character = character;
    this.start = start;
    this.stop = stop;
  }

  static DecodeStep.Factory read(Settings settings) throws ModelFormatException {
    String character = Character.toString(settings.character("content"));
    int start = settings.count("start");
    int stop = settings.count("stop");
    return next -> new StripStep(next, character, start, stop);
  }

  @Override
  void text(String part) {
    int at = 0;
    while (!inside && stripped < start && part.startsWith(character, at)) {
      at += character.length();
      stripped++;
    }
    if (at == part.length()) {
      return;
    }
    inside = true;
    int end = part.length();
    int behind = 0;
    while (end > at && behind < stop && part.startsWith(character, end - character.length())) {
      end -= character.length();
      behind++;
    }
    if (end > at) {
      pass(character.repeat(held));
      pass(part.substring(at, end));
      held = behind;
    } else {
      // Nothing but the character: those before go on as far as there are too many.
      int many = held + behind;
      held = Math.min(many, stop);
      pass(character.repeat(many - held));
    }
  }

  @Override
  void end() {
    stripped = 0;
    held = 0;
    inside = false;
    passEnd();
  }
}
