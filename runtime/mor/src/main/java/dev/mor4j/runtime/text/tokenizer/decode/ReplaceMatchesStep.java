package dev.mor4j.runtime.text.tokenizer.decode;

import dev.mor4j.runtime.text.tokenizer.match.Finder;
import dev.mor4j.runtime.text.tokenizer.match.Matches;
import dev.mor4j.runtime.text.utf8.Utf8;

/** Puts a text in the place of each match of a pattern in each token. */
final class ReplaceMatchesStep extends WholeTokenStep {
  private final Finder finder;
  private final String content;

  ReplaceMatchesStep(DecodeStep next, Finder finder, String content) {
    super(next);
    this.finder = finder;
    this.content = content;
  }

  @Override
  void token(String token) {
    if (!token.isEmpty()) {
      byte[] text = Utf8.encode(token);
      var out = new StringBuilder(token.length());
      int copied = 0;
      for (var matches = new Matches(finder, text, 0, text.length); matches.next(); ) {
        out.append(Utf8.decode(text, copied, matches.start())).append(content);
        copied = matches.end();
      }
      pass(out.append(Utf8.decode(text, copied, text.length)).toString());
    }
    passEnd();
  }
}
