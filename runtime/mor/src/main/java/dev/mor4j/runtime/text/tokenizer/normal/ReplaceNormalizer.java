package dev.mor4j.runtime.text.tokenizer.normal;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.match.Finder;
import dev.mor4j.runtime.text.tokenizer.match.Matches;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.utf8.ByteText;
import dev.mor4j.runtime.text.utf8.Utf8;

/** Puts a text in the place of each match. */
final class ReplaceNormalizer implements Normalizer {
  private final Finder finder;
  private final byte[] content;

  private ReplaceNormalizer(Finder finder, byte[] content) {
    this.finder = finder;
    this.content = content;
  }

  static ReplaceNormalizer read(Settings settings) throws ModelFormatException {
    return new ReplaceNormalizer(
        Finder.read(settings, "pattern"), Utf8.encode(settings.text("content")));
  }

  @Override
  public NormalizedText apply(NormalizedText text) {
    byte[] bytes = text.bytes();
    var matches = new Matches(finder, bytes, text.from(), text.to());
    if (text.isEmpty() || !matches.next()) {
      return text;
    }
    var out = new ByteText(text.to() - text.from() + 64);
    int start = 0;
    int copied = text.from();
    do {
      if (text.startEnd() > copied) {
        start = out.size() + Math.min(text.startEnd(), matches.start()) - copied;
      }
      out.add(bytes, copied, matches.start());
      out.add(content);
      copied = matches.end();
      // What is put in stands where the end of what was there stood.
      if (text.startEnd() > text.from() && copied <= text.startEnd()) {
        start = out.size();
      }
    } while (matches.next());
    if (text.startEnd() > copied) {
      start = out.size() + text.startEnd() - copied;
    }
    out.add(bytes, copied, text.to());
    return NormalizedText.of(out, Math.min(start, out.size()));
  }
}
