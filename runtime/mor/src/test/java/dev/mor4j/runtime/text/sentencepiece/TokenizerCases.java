package dev.mor4j.runtime.text.sentencepiece;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.mor4j.testing.ProjectFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** What SentencePiece itself gives, in {@code testdata/tokenizers}. */
final class TokenizerCases {
  private static final ObjectMapper JSON = new ObjectMapper();

  private TokenizerCases() {}

  /** The bytes of a {@code tokenizer.model}. */
  static byte[] model(String folder) throws IOException {
    try (InputStream in = open(folder, "tokenizer.model.gz")) {
      return in.readAllBytes();
    }
  }

  /** The lines of a file of cases. */
  static List<JsonNode> lines(String folder, String file) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(open(folder, file), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        lines.add(JSON.readTree(line));
      }
    }
    return lines;
  }

  static int[] ids(JsonNode line) {
    JsonNode ids = line.get("ids");
    int[] values = new int[ids.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = ids.get(i).intValue();
    }
    return values;
  }

  private static InputStream open(String folder, String file) throws IOException {
    Path path = ProjectFiles.root().resolve(Path.of("testdata", "tokenizers", folder, file));
    return new GZIPInputStream(Files.newInputStream(path));
  }
}
