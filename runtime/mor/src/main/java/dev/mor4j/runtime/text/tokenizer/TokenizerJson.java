package dev.mor4j.runtime.text.tokenizer;

import com.fasterxml.jackson.core.JsonToken;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.tokenizer.added.AddedToken;
import dev.mor4j.runtime.text.tokenizer.decode.Decoders;
import dev.mor4j.runtime.text.tokenizer.normal.Normalizer;
import dev.mor4j.runtime.text.tokenizer.normal.Normalizers;
import dev.mor4j.runtime.text.tokenizer.settings.JsonFile;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import dev.mor4j.runtime.text.tokenizer.split.PreTokenizers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code tokenizer.json}. Settings for truncation and padding are not looked at. */
final class TokenizerJson {
  /**
   * Of NFC, in UTF-8. Three bytes become one in the Kelvin sign, nine become three in a syllable of
   * Hangul, and nothing shrinks more.
   */
  static final int NFC_SHRINKING = 3;

  private static final String VERSION = "1.0";

  private final Path file;
  private final Map<String, Settings> components = new HashMap<>();
  private List<AddedToken> added = List.of();
  private RawModel model;

  private TokenizerJson(Path file) {
    this.file = file;
  }

  static TokenCodec read(Path file) throws IOException {
    var tokenizer = new TokenizerJson(file);
    try (JsonFile json = JsonFile.open(file)) {
      tokenizer.readKeys(json);
    }
    return tokenizer.build();
  }

  private void readKeys(JsonFile json) throws IOException {
    if (json.next() != JsonToken.START_OBJECT) {
      throw json.refuse("the file", "an object");
    }
    while (json.next() == JsonToken.FIELD_NAME) {
      String key = json.text();
      json.next();
      switch (key) {
        case "version" -> {
          Object version = json.value();
          if (!VERSION.equals(version)) {
            throw new ModelFormatException(
                file, "version: found " + version + ", expected \"" + VERSION + '"');
          }
        }
        case "added_tokens" -> added = AddedVocabulary.read(json);
        case "model" -> model = RawModel.read(json);
        case "normalizer", "pre_tokenizer", "post_processor", "decoder" -> {
          Object value = json.value();
          components.put(key, value == null ? null : Settings.of(file, key, value));
        }
        default -> json.skip();
      }
    }
    if (json.next() != null) {
      throw json.refuse("the file", "nothing behind the object");
    }
  }

  private TokenCodec build() throws ModelFormatException {
    if (model == null) {
      throw new ModelFormatException(file, "model: found nothing, expected an object");
    }
    Settings normalizer = components.get("normalizer");
    Settings postProcessor = components.get("post_processor");
    PreTokenizers preTokenizers = PreTokenizers.read(components.get("pre_tokenizer"));
    PipelineModel built = PipelineModel.of(model, preTokenizers.endsInLetters());
    var parts =
        new PipelineCodec.Parts(
            normalizer == null ? Normalizer.NONE : Normalizers.read(normalizer),
            preTokenizers.before(built.consumer(), built.bytes()),
            postProcessor == null ? PostProcessor.NONE : PostProcessor.read(postProcessor),
            Decoders.read(components.get("decoder")),
            preTokenizers.keepAll() ? mostShrinking(normalizer) : 0);
    try {
      return new PipelineCodec(
          built.vocabulary(), new AddedVocabulary(added, built.vocabulary()), parts);
    } catch (IllegalArgumentException e) {
      throw new ModelFormatException(file, "added_tokens: " + e.getMessage(), e);
    }
  }

  /** How many times shorter a normalizer makes a text at most; 0 where that is not known. */
  private static int mostShrinking(Settings normalizer) throws ModelFormatException {
    if (normalizer == null) {
      return 1;
    }
    return normalizer.type().equals("NFC") ? NFC_SHRINKING : 0;
  }
}
