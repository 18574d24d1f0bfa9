package dev.mor4j.runtime.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.codec.TokenCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code tokenizer_config.json} says of a {@code vocab.json} with {@code merges.txt}. */
class VocabularyConfigTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  /** Qwen3's own {@code tokenizer.json} as the older files, whose class says the rest. */
  @Test
  void qwen2IsCutAsItsTokenizerJsonSays() throws IOException {
    TokenizerData.unpack("qwen3", folder);
    Path file = folder.resolve("tokenizer.json");
    TokenCodec expected = TokenizerFiles.open(file);
    JsonNode tokenizer = JSON.readTree(file.toFile());
    Files.delete(file);
    JSON.writeValue(folder.resolve("vocab.json").toFile(), tokenizer.at("/model/vocab"));
    var merges = new StringBuilder("#version: 0.2\n");
    for (JsonNode merge : tokenizer.at("/model/merges")) {
      merges
          .append(
              merge.isArray()
                  ? merge.get(0).asText() + " " + merge.get(1).asText()
                  : merge.asText())
          .append('\n');
    }
    Files.writeString(folder.resolve("merges.txt"), merges);
    ObjectNode config = JSON.createObjectNode().put("tokenizer_class", "Qwen2Tokenizer");
    ObjectNode added = config.putObject("added_tokens_decoder");
    for (JsonNode token : tokenizer.get("added_tokens")) {
      ObjectNode settings = token.deepCopy();
      settings.remove("id");
      added.set(token.get("id").asText(), settings);
    }
    JSON.writeValue(folder.resolve("tokenizer_config.json").toFile(), config);

    TokenCodec codec = TokenizerFiles.open(folder);
    assertThat(codec.idBound()).isEqualTo(expected.idBound());
    int texts = 0;
    for (Map<String, Object> line : TokenizerData.cases("qwen3", "cases.jsonl.gz")) {
      if (line.get("text") instanceof String text) {
        int[] ids = codec.encode(text, true, TokenCodec.NO_LIMIT);
        assertThat(ids)
            .as(LibraryTokenizer.escaped(text))
            .isEqualTo(expected.encode(text, true, TokenCodec.NO_LIMIT));
        assertThat(TokenizerData.decode(codec, ids, true))
            .isEqualTo(TokenizerData.decode(expected, ids, true));
        texts++;
      }
    }
    assertThat(texts).isGreaterThan(100);
  }

  @Test
  void aClassThatIsNotKnownIsRefusedByName() throws IOException {
    writeSmall("{\"tokenizer_class\": \"WhisperTokenizer\"}");
    assertThatThrownBy(() -> TokenizerFiles.open(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(
            "tokenizer_config.json", "tokenizer_class", "WhisperTokenizer", "GPT2Tokenizer");
  }

  @Test
  void aPrefixSpaceAndAddedTokens() throws IOException {
    writeSmall(
        "{\"tokenizer_class\": \"GPT2Tokenizer\", \"add_prefix_space\": true,"
            + " \"added_tokens_decoder\": {\"4\": {\"content\": \"<y>\", \"special\": true},"
            + " \"3\": {\"content\": \"<x>\", \"special\": true}}}");
    TokenCodec codec = TokenizerFiles.open(folder);
    assertThat(codec.encode("b<x>b<y>", true, TokenCodec.NO_LIMIT)).containsExactly(2, 3, 2, 4);
    assertThat(codec.isSpecial(4)).isTrue();
  }

  @Test
  void keysOfAddedTokensAreIds() throws IOException {
    writeSmall("{\"added_tokens_decoder\": {\"x\": {\"content\": \"<y>\"}}}");
    assertThatThrownBy(() -> TokenizerFiles.open(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("added_tokens_decoder.x", "id");
  }

  @Test
  void utf16IsRefusedWithTheFilesName() throws IOException {
    writeSmall("{}");
    Path file = folder.resolve("vocab.json");
    Files.writeString(file, "\uFEFF{\"a\":0}", StandardCharsets.UTF_16LE);
    assertThatThrownBy(() -> TokenizerFiles.open(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(file.toString(), "UTF-8");
  }

  private void writeSmall(String config) throws IOException {
    Files.writeString(folder.resolve("vocab.json"), "{\"\u0120\":0,\"b\":1,\"\u0120b\":2}");
    Files.writeString(folder.resolve("merges.txt"), "\u0120 b\n");
    Files.writeString(folder.resolve("tokenizer_config.json"), config);
  }
}
