package dev.mor4j.runtime.text.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.tokenizer.settings.JsonFile;
import dev.mor4j.runtime.text.tokenizer.settings.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** The key {@code model} of a file as it is written: nothing is known yet of how to use it. */
final class RawModel {
  private static final String VOCABULARY = "model.vocab";
  private static final String MERGES = "model.merges";

  private Settings settings;
  private RawVocabulary vocabulary;
  private RawMerges merges;
  // Of Unigram, whose vocabulary is an array.
  private double[] scores;

  private RawModel() {}

  /** Reads the object at which the parser stands. */
  static RawModel read(JsonFile json) throws IOException {
    if (json.parser().currentToken() != JsonToken.START_OBJECT) {
      throw json.refuse("model", "an object");
    }
    var model = new RawModel();
    Map<String, Object> values = new LinkedHashMap<>();
    while (json.next() == JsonToken.FIELD_NAME) {
      String key = json.text();
      json.next();
      switch (key) {
        case "vocab" -> model.readVocabulary(json);
        case "merges" -> model.readMerges(json);
        default -> values.put(key, json.value());
      }
    }
    model.settings = Settings.of(json.file(), "model", values);
    return model;
  }

  /** A model of nothing but tokens and merges: byte pair encoding. */
  static RawModel ofBytes(Path file, RawVocabulary vocabulary, RawMerges merges)
      throws ModelFormatException {
    var model = new RawModel();
    model.settings = Settings.of(file, "the vocabulary", Map.of("type", "BPE"));
    model.vocabulary = vocabulary;
    model.merges = merges;
    return model;
  }

  /** All but the vocabulary and the merges. */
  Settings settings() {
    return settings;
  }

  /** The tokens. */
  RawVocabulary vocabulary() throws ModelFormatException {
    if (vocabulary == null) {
      throw settings.refuse("vocab", "the tokens");
    }
    return vocabulary;
  }

  /** The merges, or null where there are none. */
  RawMerges merges() {
    return merges;
  }

  /** The scores of the tokens, or null where they have ids instead. */
  double[] scores() {
    return scores;
  }

  private void readVocabulary(JsonFile json) throws IOException {
    scores = null;
    vocabulary = new RawVocabulary(json.parser().currentToken() == JsonToken.START_OBJECT);
    switch (json.parser().currentToken()) {
      case START_OBJECT -> readIds(json, vocabulary, VOCABULARY);
      case START_ARRAY -> readScores(json);
      default -> throw json.refuse(VOCABULARY, "an object or an array");
    }
  }

  /** Reads an object of tokens and their ids, at whose beginning the parser stands. */
  static void readIds(JsonFile json, RawVocabulary vocabulary, String where) throws IOException {
    JsonParser parser = json.parser();
    try {
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        // A name's characters are gone once its value is read.
        char[] characters = parser.getTextCharacters();
        int from = parser.getTextOffset();
        int length = parser.getTextLength();
        int token = vocabulary.addText(characters, from, from + length);
        if (parser.nextToken() != JsonToken.VALUE_NUMBER_INT
            || parser.getNumberType() != JsonParser.NumberType.INT
            || parser.getIntValue() < 0
            || parser.getIntValue() > RawVocabulary.MAX_ID) {
          throw json.refuse(
              where + "[" + Settings.quoted(vocabulary.text(token)) + "]",
              "an id from 0 to " + RawVocabulary.MAX_ID);
        }
        vocabulary.addId(parser.getIntValue());
      }
    } catch (JsonProcessingException e) {
      throw json.notJson(e);
    }
  }

  private void readScores(JsonFile json) throws IOException {
    JsonParser parser = json.parser();
    try {
      double[] read = new double[1 << 12];
      int size = 0;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        String where = VOCABULARY + "[" + size + "]";
        if (parser.currentToken() != JsonToken.START_ARRAY
            || parser.nextToken() != JsonToken.VALUE_STRING) {
          throw json.refuse(where, "a token and its score");
        }
        if (size > RawVocabulary.MAX_ID) {
          throw json.refuse(where, "at most " + RawVocabulary.MAX_ID + " tokens");
        }
        int from = parser.getTextOffset();
        vocabulary.addText(parser.getTextCharacters(), from, from + parser.getTextLength());
        vocabulary.addId(size);
        if (!parser.nextToken().isNumeric()) {
          throw json.refuse(where, "a token and its score");
        }
        if (size == read.length) {
          read = Arrays.copyOf(read, size * 2);
        }
        read[size++] = parser.getDoubleValue();
        if (parser.nextToken() != JsonToken.END_ARRAY) {
          throw json.refuse(where, "a token and its score, and nothing else");
        }
      }
      scores = Arrays.copyOf(read, size);
    } catch (JsonProcessingException e) {
      throw json.notJson(e);
    }
  }

  private void readMerges(JsonFile json) throws IOException {
    JsonParser parser = json.parser();
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw json.refuse(MERGES, "an array");
    }
    merges = new RawMerges();
    try {
      for (int i = 0; parser.nextToken() != JsonToken.END_ARRAY; i++) {
        if (parser.currentToken() == JsonToken.VALUE_STRING) {
          int from = parser.getTextOffset();
          int to = from + parser.getTextLength();
          if (!isVersion(parser.getTextCharacters(), from, to)
              && !merges.addLine(parser.getTextCharacters(), from, to)) {
            throw json.refuse(MERGES + "[" + i + "]", "two tokens with a space between them");
          }
        } else {
          readPair(json, MERGES + "[" + i + "]");
        }
      }
    } catch (JsonProcessingException e) {
      throw json.notJson(e);
    }
  }

  private static boolean isVersion(char[] characters, int from, int to) {
    String version = "#version";
    return to - from >= version.length()
        && characters[from] == version.charAt(0)
        && String.valueOf(characters, from, version.length()).equals(version);
  }

  private void readPair(JsonFile json, String where) throws IOException {
    JsonParser parser = json.parser();
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      throw json.refuse(where, "a pair of tokens");
    }
    for (int i = 0; i < 2; i++) {
      if (parser.nextToken() != JsonToken.VALUE_STRING) {
        throw json.refuse(where, "a pair of tokens");
      }
      int from = parser.getTextOffset();
      merges.add(parser.getTextCharacters(), from, from + parser.getTextLength());
    }
    if (parser.nextToken() != JsonToken.END_ARRAY) {
      throw json.refuse(where, "a pair of tokens, and nothing else");
    }
  }
}
