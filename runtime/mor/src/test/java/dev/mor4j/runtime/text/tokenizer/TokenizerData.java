package dev.mor4j.runtime.text.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TokenDecoder;
import dev.mor4j.testing.ProjectFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** The tokenizers of {@code testdata}, and what they must give. */
final class TokenizerData {
  static final Path FOLDER = ProjectFiles.root().resolve("testdata/tokenizers");

  private static final JsonFactory JSON = new JsonFactory();

  private TokenizerData() {}

  /** The names of all tokenizers that are not in a file of SentencePiece. */
  static List<String> names() throws IOException {
    try (Stream<Path> folders = Files.list(FOLDER)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("cases.jsonl.gz")))
          .map(folder -> folder.getFileName().toString())
          .filter(name -> !name.startsWith("spm-"))
          .sorted()
          .toList();
    }
  }

  /** Unpacks a tokenizer's files into a folder. */
  static void unpack(String name, Path to) throws IOException {
    if (name.equals("mor3-books")) {
      Files.copy(
          ProjectFiles.root().resolve("checkpoints/mor3-books/tokenizer.json"),
          to.resolve("tokenizer.json"));
      return;
    }
    for (String file : List.of("tokenizer.json", "vocab.json", "merges.txt")) {
      Path packed = FOLDER.resolve(name).resolve(file + ".gz");
      if (Files.exists(packed)) {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(packed))) {
          Files.copy(in, to.resolve(file));
        }
      }
    }
  }

  /** All lines of a file of cases. */
  static List<Map<String, Object>> cases(String name, String file) throws IOException {
    List<Map<String, Object>> cases = new ArrayList<>();
    Path path = FOLDER.resolve(name).resolve(file);
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(path)), StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        cases.add(object(line));
      }
    }
    return cases;
  }

  private static Map<String, Object> object(String line) throws IOException {
    Map<String, Object> members = new HashMap<>();
    try (JsonParser parser = JSON.createParser(line)) {
      parser.nextToken();
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        members.put(
            key,
            switch (parser.nextToken()) {
              case VALUE_STRING -> parser.getText();
              case VALUE_TRUE -> true;
              case VALUE_FALSE -> false;
              case VALUE_NULL -> null;
              case START_ARRAY -> ids(parser);
              default -> throw new IOException(key + " is not expected: " + line);
            });
      }
    }
    return members;
  }

  // An id may be larger than an int, and is in no vocabulary then.
  private static int[] ids(JsonParser parser) throws IOException {
    int[] ids = new int[16];
    int size = 0;
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (size == ids.length) {
        ids = Arrays.copyOf(ids, size * 2);
      }
      ids[size++] = (int) Math.min(parser.getLongValue(), Integer.MAX_VALUE);
    }
    return Arrays.copyOf(ids, size);
  }

  /** A text's ids, with those around it if asked for. */
  static int[] encode(TokenCodec codec, String text, boolean addSpecial, boolean parseSpecial) {
    int[] ids = codec.encode(text, parseSpecial, TokenCodec.NO_LIMIT);
    return addSpecial ? around(codec, ids) : ids;
  }

  private static int[] around(TokenCodec codec, int[] ids) {
    return Stream.of(codec.beginIds(), ids, codec.endIds()).flatMapToInt(Arrays::stream).toArray();
  }

  /** Decodes piece by piece; no piece may end inside a surrogate pair. */
  static String decode(TokenCodec codec, int[] ids, boolean skipSpecial) {
    TokenDecoder decoder = codec.decoder(skipSpecial);
    var text = new StringBuilder();
    for (int id : ids) {
      int before = text.length();
      decoder.add(id, text);
      if (text.length() > before && Character.isHighSurrogate(text.charAt(text.length() - 1))) {
        throw new AssertionError("half a surrogate pair behind " + text);
      }
    }
    decoder.finish(text);
    return text.toString();
  }
}
