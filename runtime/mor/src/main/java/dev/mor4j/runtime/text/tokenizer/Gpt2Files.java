package dev.mor4j.runtime.text.tokenizer;

import com.fasterxml.jackson.core.JsonToken;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.tokenizer.decode.Decoders;
import dev.mor4j.runtime.text.tokenizer.settings.JsonFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads {@code vocab.json} and {@code merges.txt}: a byte-level vocabulary. How it cuts texts, and
 * what its added tokens are, follows from the file {@code tokenizer_config.json} beside them, and
 * without one from GPT-2.
 */
final class Gpt2Files {

  private Gpt2Files() {}

  static TokenCodec read(Path vocabularyFile, Path mergesFile) throws IOException {
    for (Path file : List.of(vocabularyFile, mergesFile)) {
      if (!Files.exists(file)) {
        throw new ModelFormatException(
            file, "not there; a vocabulary is vocab.json and merges.txt");
      }
    }
    RawVocabulary tokens = readVocabulary(vocabularyFile);
    RawModel raw = RawModel.ofBytes(vocabularyFile, tokens, readMerges(mergesFile));
    PipelineModel model = PipelineModel.of(raw, true);
    Vocabulary vocabulary = model.vocabulary();
    var config = VocabularyConfig.read(vocabularyFile.resolveSibling("tokenizer_config.json"));
    return new PipelineCodec(
        vocabulary,
        new AddedVocabulary(config.addedTokens(vocabulary), vocabulary),
        new PipelineCodec.Parts(
            config.normalizer(),
            config.preTokenizers().before(model.consumer(), model.bytes()),
            PostProcessor.NONE,
            Decoders.byteLevel(),
            config.mostShrinking()));
  }

  private static RawVocabulary readVocabulary(Path file) throws IOException {
    var tokens = new RawVocabulary(true);
    try (JsonFile json = JsonFile.open(file)) {
      if (json.next() != JsonToken.START_OBJECT) {
        throw json.refuse("the file", "an object of tokens and their ids");
      }
      RawModel.readIds(json, tokens, "the vocabulary");
      if (json.next() != null) {
        throw json.refuse("the file", "nothing behind the object");
      }
    }
    return tokens;
  }

  private static RawMerges readMerges(Path file) throws IOException {
    char[] text;
    try {
      text =
          StandardCharsets.UTF_8
              .newDecoder()
              .decode(ByteBuffer.wrap(JsonFile.bytes(file)))
              .toString()
              .toCharArray();
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file, "not UTF-8: " + e.getMessage(), e);
    }
    var merges = new RawMerges();
    int from = text.length > 0 && text[0] == '\uFEFF' ? 1 : 0;
    for (int line = 1; from < text.length; line++) {
      int to = from;
      while (to < text.length && text[to] != '\n') {
        to++;
      }
      int end = to > from && text[to - 1] == '\r' ? to - 1 : to;
      // The file begins with its version; empty lines are at its end.
      boolean version = String.valueOf(text, from, Math.min(8, end - from)).equals("#version");
      if (!version && end > from && !merges.addLine(text, from, end)) {
        throw new ModelFormatException(
            file, "line " + line + ": expected two tokens with a space between them");
      }
      from = to + 1;
    }
    return merges;
  }
}
