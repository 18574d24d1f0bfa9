package dev.mor4j.runtime.text.tokenizer.decode;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.tokenizer.split.PreTokenizers;

/** Makes spaces of the character that stood for them; in the first token, nothing. */
final class MetaspaceStep extends DecodeStep {
  private final String replacement;
  private boolean strip;

  private MetaspaceStep(DecodeStep next, String replacement, boolean strip) {
    super(next);
    this.replacement = replacement;
    this.strip = strip;
  }

  static DecodeStep.Factory read(Settings settings) throws ModelFormatException {
    String replacement = Character.toString(settings.character("replacement"));
    boolean strip = PreTokenizers.metaspacePrepends(settings);
    return next -> new MetaspaceStep(next, replacement, strip);
  }

  @Override
  void text(String part) {
    pass(part.replace(replacement, strip ? "" : " "));
  }

  @Override
  void end() {
    strip = false;
    passEnd();
  }
}
