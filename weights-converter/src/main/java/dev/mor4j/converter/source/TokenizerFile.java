package dev.mor4j.converter.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import dev.mor4j.runtime.format.ModelFormatException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * {@code tokenizer.json} of a checkpoint: whether it is JSON, and how many ids it uses; read by
 * streaming.
 */
public final class TokenizerFile {
  public static final String NAME = "tokenizer.json";
  private static final long MAX_BYTES = 256L << 20;
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(64).build())
          .build();

  private TokenizerFile() {}

  /**
   * The largest token id in {@code model.vocab} and {@code added_tokens}, plus one; 0 where there
   * is none.
   *
   * @throws ModelFormatException where the file is not one JSON object
   */
  public static long vocabulary(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new ModelFormatException(
          file, "the file has " + Files.size(file) + " bytes, expected at most " + MAX_BYTES);
    }
    // A reader with a strict decoder: left to itself, Jackson would also accept UTF-16 and a byte
    // order mark, which the tokenizer's own reader does not.
    try (Reader text = Files.newBufferedReader(file);
        JsonParser parser = FACTORY.createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new ModelFormatException(file, "the file holds no JSON object, expected a tokenizer");
      }
      long vocabulary = 0;
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = Optional.ofNullable(parser.currentName()).orElse("");
        JsonToken value = parser.nextToken();
        if (key.equals("model") && value == JsonToken.START_OBJECT) {
          vocabulary = Math.max(vocabulary, model(parser));
        } else if (key.equals("added_tokens") && value == JsonToken.START_ARRAY) {
          vocabulary = Math.max(vocabulary, added(parser));
        } else {
          parser.skipChildren();
        }
      }
      if (parser.nextToken() != null) {
        throw new ModelFormatException(file, "found more after the JSON object, expected nothing");
      }
      return vocabulary;
    } catch (JsonProcessingException e) {
      throw new ModelFormatException(
          file, "the file is not valid JSON: " + e.getOriginalMessage(), e);
    } catch (CharacterCodingException e) {
      throw new ModelFormatException(file, "the file is not valid UTF-8", e);
    }
  }

  private static long model(JsonParser parser) throws IOException {
    long vocabulary = 0;
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      JsonToken value = parser.nextToken();
      if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          parser.nextToken();
          vocabulary = Math.max(vocabulary, id(parser));
          parser.skipChildren();
        }
      } else if (key.equals("vocab") && value == JsonToken.START_ARRAY) {
        // Unigram: the place in the list is the id.
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          vocabulary++;
          parser.skipChildren();
        }
      } else {
        parser.skipChildren();
      }
    }
    return vocabulary;
  }

  private static long added(JsonParser parser) throws IOException {
    long vocabulary = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      int depth = parser.currentToken().isStructStart() ? 1 : 0;
      while (depth > 0) {
        JsonToken token = parser.nextToken();
        depth += token.isStructStart() ? 1 : token.isStructEnd() ? -1 : 0;
        if (depth == 1 && "id".equals(parser.currentName())) {
          vocabulary = Math.max(vocabulary, id(parser));
        }
      }
    }
    return vocabulary;
  }

  private static long id(JsonParser parser) throws IOException {
    return parser.currentToken() == JsonToken.VALUE_NUMBER_INT
            && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
        ? parser.getLongValue() + 1
        : 0;
  }
}
