package dev.mor4j.runtime.text.tokenizer;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.mor4j.fuzz.Mutations;
import dev.mor4j.fuzz.Scratch;
import dev.mor4j.fuzz.Seeds;
import dev.mor4j.runtime.ChatTemplate;
import dev.mor4j.runtime.ChatTemplateException;
import dev.mor4j.runtime.text.bounds.TextBoundsRules;
import dev.mor4j.runtime.text.codec.TokenCodec;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Settings beside a tokenizer: the input has {@code tokenizer_config.json}, {@code
 * special_tokens_map.json}, {@code generation_config.json} and {@code config.json}, with zero bytes
 * between them.
 */
class SettingsFuzzTest {
  private static final Scratch SCRATCH = new Scratch();
  private static final List<String> NAMES =
      List.of(
          "tokenizer_config.json",
          "special_tokens_map.json",
          "generation_config.json",
          "config.json");
  private static final TokenCodec CODEC = Codecs.golden("made-bl-gpt2");

  @MethodSource("seeds")
  @FuzzTest
  void read(byte[] input) throws Exception {
    String[] parts = new String(input, StandardCharsets.ISO_8859_1).split("\0", NAMES.size());
    for (int i = 0; i < NAMES.size(); i++) {
      String part = i < parts.length ? parts[i] : "";
      Files.deleteIfExists(SCRATCH.folder().resolve(NAMES.get(i)));
      if (!part.isEmpty()) {
        SCRATCH.write(NAMES.get(i), part.getBytes(StandardCharsets.ISO_8859_1));
      }
    }
    SCRATCH.open(
        SCRATCH.folder(),
        folder -> {
          TextBoundsRules.of(folder, CODEC);
          Codecs.use(TextBoundsRules.completed(folder, CODEC));
          TextBoundsRules.withoutTokenizer(folder);
        });
    try {
      SCRATCH.open(SCRATCH.folder(), ChatTemplate::open);
    } catch (ChatTemplateException e) {
      // What the documentation says of a template that is none.
    }
  }

  @Test
  void readsMutationsOfTheSeeds() {
    Mutations.check(seeds(), 1000, this::read);
  }

  static List<byte[]> seeds() {
    return Seeds.texts(
        "{\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":true,\"bos_token\":\"<s>\","
            + "\"added_tokens_decoder\":{\"1\":{\"content\":\"</s>\",\"special\":true}},"
            + "\"chat_template\":\"{{ bos_token }}\"}\0"
            + "{\"eos_token\":{\"content\":\"</s>\"}}\0"
            + "{\"bos_token_id\":1,\"eos_token_id\":[2,3]}\0"
            + "{\"model_type\":\"llama\",\"eos_token_id\":2}",
        "{\"chat_template\":[{\"name\":\"default\",\"template\":\"x\"}],\"pad_token\":null}\0"
            + "{\"additional_special_tokens\":[\"<a>\",{\"content\":\"<b>\"}]}\0\0"
            + "{\"model_type\":\"gpt2\"}");
  }
}
