package dev.mor4j.runtime.text.tokenizer;

import dev.mor4j.fuzz.Seeds;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TokenDecoder;
import dev.mor4j.testing.ProjectFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Tokenizers for the tests of this package, and what is done with those that open. */
final class Codecs {
  private static final String TEXT = "It's  a\u00e9\u4e2d\ud83d\ude00 <s> 12\n\0\u0301ab";

  private Codecs() {}

  /**
   * Encodes and decodes. Ids are within the bounds that the tokenizer states. Where a vocabulary
   * has no token for what it does not know, it may refuse the text.
   */
  static void use(TokenCodec codec) {
    int[] ids;
    try {
      ids = codec.encode(TEXT, true, TokenCodec.NO_LIMIT);
    } catch (IllegalArgumentException e) {
      if (!e.getMessage().contains("no unknown token")) {
        throw e;
      }
      ids = new int[0];
    }
    for (int id : ids) {
      if (id < 0 || id >= codec.idBound()) {
        throw new AssertionError("id " + id + " of tokens up to " + codec.idBound());
      }
      codec.isSpecial(id);
      if (codec.token(id).isEmpty()) {
        throw new AssertionError("id " + id + " is no token");
      }
    }
    decoded(codec, ids);
    decoded(codec, codec.beginIds());
    decoded(codec, codec.endIds());
    decoded(codec, new int[] {0, 1, -1, codec.idBound(), Integer.MAX_VALUE});
  }

  /** The text of {@code ids}. */
  static String decoded(TokenCodec codec, int[] ids) {
    TokenDecoder decoder = codec.decoder(false);
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      decoder.add(id, text);
    }
    decoder.finish(text);
    return text.toString();
  }

  /** The tokenizer of a folder of testdata. */
  static TokenCodec golden(String name) {
    Path packed = ProjectFiles.root().resolve("testdata/tokenizers/" + name + "/tokenizer.json.gz");
    try {
      Path file = Files.createTempFile("tokenizer", ".json");
      try {
        Files.write(file, Seeds.unpacked(packed));
        return TokenizerFiles.open(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Small ones with many of the parts that a pipeline can have. */
  static List<byte[]> small() {
    String added =
        "{\"version\":\"1.0\",\"added_tokens\":[{\"id\":4,\"content\":\"<s>\",\"single_word\":false,"
            + "\"lstrip\":false,\"rstrip\":true,\"normalized\":false,\"special\":true}],";
    String bpe =
        "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"unk_token\":\"<s>\",\"continuing_subword_prefix\":null,"
            + "\"end_of_word_suffix\":null,\"fuse_unk\":false,\"byte_fallback\":false,\"ignore_merges\":false,"
            + "\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"\u0120\":3},\"merges\":[\"a b\"]}}";
    return Seeds.texts(
        added
            + "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFC\"},{\"type\":\"Lowercase\"},"
            + "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" +\"},\"content\":\" \"},{\"type\":\"Prepend\",\"prepend\":\"_\"}]},"
            + "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\p{N}\"},"
            + "\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
            + "\"trim_offsets\":true,\"use_regex\":true}]},\"post_processor\":{\"type\":\"TemplateProcessing\","
            + "\"single\":[{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],"
            + "\"pair\":[],\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[4],\"tokens\":[\"<s>\"]}}},"
            + "\"decoder\":{\"type\":\"ByteLevel\"},"
            + bpe,
        added
            + "\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"\u2581\",\"prepend_scheme\":\"always\"},"
            + "\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\",\"pattern\":{\"String\":\"\u2581\"},"
            + "\"content\":\" \"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":\"Strip\",\"content\":\" \",\"start\":1,"
            + "\"stop\":0}]},\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0.0],[\"\u2581a\",-1.5],[\"b\",-2.0]],"
            + "\"byte_fallback\":false}}",
        added
            + "\"pre_tokenizer\":{\"type\":\"Whitespace\"},\"decoder\":{\"type\":\"WordPiece\",\"prefix\":\"##\",\"cleanup\":true},"
            + "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\",\"continuing_subword_prefix\":\"##\","
            + "\"max_input_chars_per_word\":100,\"vocab\":{\"[UNK]\":0,\"a\":1,\"##b\":2}}}",
        added
            + "\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},"
            + "\"model\":{\"type\":\"WordLevel\",\"vocab\":{\"<unk>\":0,\"ab\":1},\"unk_token\":\"<unk>\"}}");
  }

  /** SentencePiece models of a few pieces, of each of the four kinds. */
  static List<byte[]> smallModels() {
    return List.of(model(1), model(2), model(3), model(4));
  }

  private static byte[] model(int kind) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    piece(file, "<unk>", 0, 2);
    piece(file, "<s>", 0, 3);
    piece(file, "\u2581", -2, 1);
    piece(file, "a", -1.5f, 1);
    piece(file, "b", -2.5f, 1);
    piece(file, "ab", -1, 1);
    piece(file, "\u2581ab", -0.5f, 1);
    piece(file, "<user>", 0, 4);
    // trainer_spec.model_type; normalizer_spec.add_dummy_prefix, remove_extra_whitespaces,
    // escape_whitespaces
    file.writeBytes(new byte[] {0x12, 2, 0x18, (byte) kind});
    file.writeBytes(new byte[] {0x1a, 6, 0x18, 1, 0x20, 1, 0x28, 1});
    return file.toByteArray();
  }

  private static void piece(ByteArrayOutputStream file, String text, float score, int type) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    file.writeBytes(new byte[] {0x0a, (byte) (bytes.length + 9), 0x0a, (byte) bytes.length});
    file.writeBytes(bytes);
    file.write(0x15);
    file.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(score).array());
    file.writeBytes(new byte[] {0x18, (byte) type});
  }
}
