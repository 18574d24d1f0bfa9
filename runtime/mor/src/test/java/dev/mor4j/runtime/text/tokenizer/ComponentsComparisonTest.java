package dev.mor4j.runtime.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mor4j.runtime.text.codec.TokenCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Components that no tokenizer of {@code testdata} has, or not so, give what the Hugging Face
 * library's give. The model writes each piece as its bytes and puts a suffix behind it, so that
 * every character of every piece is seen.
 */
class ComponentsComparisonTest {
  private static final int TEXTS = Integer.getInteger("mor4j.tokenizer.strings", 20_000) / 100;
  private static final String METASPACE =
      "{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'%s','split':%s}";
  private static final String BERT =
      "{'type':'BertNormalizer','clean_text':%s,'handle_chinese_chars':%s,'strip_accents':%s,"
          + "'lowercase':%s}";

  @TempDir private Path folder;

  static Stream<String> normalizers() {
    return Stream.of(
        "{'type':'StripAccents'}",
        "{'type':'Sequence','normalizers':[{'type':'NFD'},{'type':'StripAccents'}]}",
        BERT.formatted(true, true, null, true),
        BERT.formatted(true, false, true, false),
        BERT.formatted(false, true, false, true),
        "{'type':'Nmt'}",
        "{'type':'ByteLevel'}",
        "{'type':'Strip','strip_left':true,'strip_right':true}",
        "{'type':'Strip','strip_left':false,'strip_right':true}",
        "{'type':'Replace','pattern':{'Regex':'\\\\s+'},'content':' '}",
        "{'type':'Replace','pattern':{'String':'the'},'content':''}",
        "{'type':'Replace','pattern':{'String':'a long text, of more than 16 bytes'},'content':'b'}",
        "{'type':'Replace','pattern':{'String':''},'content':'-'}",
        "{'type':'Prepend','prepend':'\u2581\u2581'}",
        "{'type':'Lowercase'}",
        "{'type':'Sequence','normalizers':[]}");
  }

  static Stream<String> preTokenizers() {
    return Stream.of(
        "{'type':'Whitespace'}",
        "{'type':'WhitespaceSplit'}",
        "{'type':'BertPreTokenizer'}",
        "{'type':'CharDelimiterSplit','delimiter':'e'}",
        "{'type':'FixedLength','length':3}",
        "{'type':'Punctuation'}",
        "{'type':'Punctuation','behavior':'Contiguous'}",
        "{'type':'Digits','individual_digits':false}",
        METASPACE.formatted("first", true),
        METASPACE.formatted("always", false),
        "{'type':'Metaspace','replacement':'_','add_prefix_space':true}",
        "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true}",
        sequence("{'type':'WhitespaceSplit'}", METASPACE.formatted("first", true)),
        sequence("{'type':'Digits','individual_digits':true}", METASPACE.formatted("first", true)),
        sequence(
            "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true,'use_regex':false}",
            METASPACE.formatted("first", true)),
        sequence(
            "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true}",
            "{'type':'Digits','individual_digits':true}"),
        sequence(),
        split("{'Regex':'x*'}", "Isolated", false),
        split("{'Regex':'x*'}", "Removed", false),
        split("{'Regex':'[ae]*'}", "MergedWithPrevious", false),
        split("{'Regex':'[ae]*'}", "MergedWithNext", true),
        split("{'Regex':'[ae]*'}", "Contiguous", false),
        split("{'String':''}", "Isolated", false),
        split("{'String':'e'}", "Contiguous", true),
        split("{'String':'  '}", "MergedWithNext", false));
  }

  private static String sequence(String... steps) {
    return "{'type':'Sequence','pretokenizers':[" + String.join(",", steps) + "]}";
  }

  private static String split(String pattern, String behavior, boolean invert) {
    return "{'type':'Split','pattern':%s,'behavior':'%s','invert':%s}"
        .formatted(pattern, behavior, invert);
  }

  @ParameterizedTest
  @MethodSource("normalizers")
  void normalizers(String normalizer) throws IOException {
    compare(normalizer, "null");
    // Whether what begins a text is still at its start.
    compare(normalizer, METASPACE.formatted("first", true));
  }

  @ParameterizedTest
  @MethodSource("preTokenizers")
  void preTokenizers(String preTokenizer) throws IOException {
    compare("null", preTokenizer);
    compare("{'type':'Strip','strip_left':true,'strip_right':false}", preTokenizer);
  }

  static Stream<Arguments> everyCharacter() {
    return Stream.of(
        arguments("null", "{'type':'Whitespace'}"),
        arguments("null", "{'type':'Punctuation'}"),
        arguments("null", "{'type':'Digits','individual_digits':true}"),
        arguments("null", "{'type':'WhitespaceSplit'}"),
        arguments("{'type':'StripAccents'}", "null"),
        arguments(BERT.formatted(true, true, false, false), "null"),
        arguments(BERT.formatted(false, false, true, false), "null"),
        arguments("{'type':'Nmt'}", "null"));
  }

  /** Classes of characters are the library's, for each character that there is. */
  @ParameterizedTest
  @MethodSource
  void everyCharacter(String normalizer, String preTokenizer) throws IOException {
    Path file = write(normalizer, preTokenizer);
    TokenCodec codec = TokenizerFiles.open(file);
    try (LibraryTokenizer library = LibraryTokenizer.open(file)) {
      int[] characters =
          IntStream.range(1, 0x110000)
              .filter(c -> Character.getType(c) != Character.SURROGATE && !RandomTexts.isNewer(c))
              .filter(c -> isOneOfFew(c) || c % 64 == 0)
              .toArray();
      int together = 128;
      for (int i = 0; i < characters.length; i += together) {
        var text = new StringBuilder();
        for (int j = i; j < Math.min(i + together, characters.length); j++) {
          text.append('a').appendCodePoint(characters[j]).append("b ");
        }
        assertThat(codec.encode(text.toString(), true, TokenCodec.NO_LIMIT))
            .as(() -> LibraryTokenizer.escaped(text.toString()))
            .isEqualTo(library.encode(text.toString(), false));
      }
    }
  }

  // Ideographs, syllables and private characters have the same classes by the thousand.
  private static boolean isOneOfFew(int character) {
    return Character.isDefined(character)
        && !Character.isIdeographic(character)
        && !(character >= 0xAC00 && character <= 0xD7A3)
        && Character.getType(character) != Character.PRIVATE_USE;
  }

  @Test
  void precompiledCharacterMap() throws IOException {
    byte[] model =
        new GZIPInputStream(
                Files.newInputStream(
                    TokenizerData.FOLDER.resolve("spm-bpe-nmt-nfkc/tokenizer.model.gz")))
            .readAllBytes();
    // Field 3 is how texts are normalized, its field 2 the map.
    byte[] map = field(field(model, 3), 2);
    assertThat(map).hasSizeGreaterThan(100_000);
    String normalizer =
        "{'type':'Precompiled','precompiled_charsmap':'"
            + Base64.getEncoder().encodeToString(map)
            + "'}";
    compare(normalizer, "null");
    compare(normalizer, METASPACE.formatted("first", true));
    compareMarks(normalizer);
  }

  /**
   * Marks behind characters that are not assigned, which Java's own graphemes do not hold together.
   */
  private void compareMarks(String normalizer) throws IOException {
    Path file = write(normalizer, "null");
    TokenCodec codec = TokenizerFiles.open(file);
    int[] bases = {0x378, 0xB79, 0xFB37, 0x81AB1, 0x2065, 0xFFF0, 0xE0080, 'a', '\r', '\n'};
    int[] marks = {0x341, 0x344, 0x300, 0x32E, 0x3099, 0xFF9E, 0x200C, 0x200D, 0x356};
    Random random = new Random(20_257);
    try (LibraryTokenizer library = LibraryTokenizer.open(file)) {
      for (int i = 0; i < TEXTS; i++) {
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(12); n >= 0; n--) {
          int[] some = random.nextInt(3) == 0 ? bases : marks;
          text.appendCodePoint(some[random.nextInt(some.length)]);
        }
        assertThat(codec.encode(text.toString(), true, TokenCodec.NO_LIMIT))
            .as(() -> LibraryTokenizer.escaped(text.toString()))
            .isEqualTo(library.encode(text.toString(), false));
      }
    }
  }

  /** The contents of a field of a message in the format of Protocol Buffers. */
  private static byte[] field(byte[] message, int wanted) {
    for (int[] at = {0}; at[0] < message.length; ) {
      long tag = varint(message, at);
      int type = (int) tag & 7;
      if (type == 0) {
        varint(message, at);
      } else if (type == 5) {
        at[0] += 4;
      } else {
        assertThat(type).isEqualTo(2);
        int length = (int) varint(message, at);
        at[0] += length;
        if (tag >>> 3 == wanted) {
          return Arrays.copyOfRange(message, at[0] - length, at[0]);
        }
      }
    }
    throw new AssertionError("there is no field " + wanted);
  }

  private static long varint(byte[] message, int[] at) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = message[at[0]++];
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
  }

  private Path write(String normalizer, String preTokenizer) throws IOException {
    String tokens =
        IntStream.range(0, 256)
            .mapToObj(
                b -> "'<0x" + HexFormat.of().withUpperCase().toHexDigits((byte) b) + ">':" + b)
            .collect(Collectors.joining(","));
    return write(
        """
            {'added_tokens':[
              {'id':256,'content':'<s>','single_word':false,'lstrip':false,'rstrip':false,
               'normalized':false,'special':true},
              {'id':257,'content':'A b','single_word':false,'lstrip':true,'rstrip':false,
               'normalized':true,'special':false},
              {'id':258,'content':'word','single_word':true,'lstrip':false,'rstrip':true,
               'normalized':true,'special':false}],
             'normalizer':%s,'pre_tokenizer':%s,
             'model':{'type':'BPE','byte_fallback':true,'end_of_word_suffix':'</w>',
               'vocab':{%s},'merges':[]}}
            """
            .formatted(normalizer, preTokenizer, tokens));
  }

  private void compare(String normalizer, String preTokenizer) throws IOException {
    Path file = write(normalizer, preTokenizer);
    TokenCodec codec = TokenizerFiles.open(file);
    var texts = new RandomTexts(7, List.of("<s>", "A b", "word", " word  ", "a b"));
    try (LibraryTokenizer library = LibraryTokenizer.open(file)) {
      for (int i = 0; i < TEXTS; i++) {
        String text = texts.next();
        assertThat(codec.encode(text, true, TokenCodec.NO_LIMIT))
            .as(() -> preTokenizer + " " + LibraryTokenizer.escaped(text))
            .isEqualTo(library.encode(text, false));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'WordPiece','prefix':'##','cleanup':true}",
        "{'type':'WordPiece','prefix':'##','cleanup':false}",
        "{'type':'CTC','pad_token':'<pad>','word_delimiter_token':'|','cleanup':true}",
        "{'type':'CTC','pad_token':'<pad>','word_delimiter_token':'|','cleanup':false}",
        "{'type':'BPEDecoder','suffix':'</w>'}",
        "{'type':'ByteFallback'}",
        "{'type':'Fuse'}",
        "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true}",
        "{'type':'Metaspace','replacement':'\u2581','prepend_scheme':'never'}",
        "{'type':'Replace','pattern':{'String':'aab'},'content':'-'}",
        "{'type':'Replace','pattern':{'Regex':'a+'},'content':'-'}",
        "{'type':'Replace','pattern':{'String':''},'content':'-'}",
        "{'type':'Strip','content':'a','start':2,'stop':0}",
        "{'type':'Sequence','decoders':[]}",
        "{'type':'Sequence','decoders':[{'type':'Fuse'},"
            + "{'type':'Replace','pattern':{'String':'aab'},'content':'a'},"
            + "{'type':'Strip','content':'a','start':1,'stop':0}]}",
        "{'type':'Sequence','decoders':[{'type':'ByteFallback'},{'type':'Fuse'},"
            + "{'type':'ByteLevel','add_prefix_space':true,'trim_offsets':true}]}",
        "{'type':'Sequence','decoders':[{'type':'BPEDecoder','suffix':'</w>'},"
            + "{'type':'WordPiece','prefix':'##','cleanup':true}]}",
        "{'type':'Sequence','decoders':[{'type':'CTC','pad_token':'a','word_delimiter_token':'|',"
            + "'cleanup':true},{'type':'Metaspace','replacement':'\u2581'}]}"
      })
  void decoders(String decoder) throws IOException {
    List<String> tokens =
        List.of(
            "a",
            "aa",
            "ab",
            "b",
            "##a",
            "##",
            "<pad>",
            "|",
            "a|",
            "</w>",
            "a</w>",
            "a</w>b</w>",
            " .",
            "n't",
            " n't",
            "\u2581",
            "\u2581a",
            "a\u2581",
            "<0x41>",
            "<0xE2>",
            "<0x82>",
            "<0xAC>",
            "<0xac>",
            "<0x+F>",
            "<0xZZ>",
            "<0xF0>",
            "\u0120",
            "\u0120a",
            "\u00E2",
            "\u0124",
            "\uD83D\uDE00",
            "\u6F22",
            " ",
            "",
            "'",
            "do",
            " do not",
            "aaba",
            "aabaab");
    String vocabulary =
        IntStream.range(0, tokens.size())
            .mapToObj(id -> "\"" + tokens.get(id) + "\":" + id)
            .collect(Collectors.joining(","));
    Path file = folder.resolve("tokenizer.json");
    Files.writeString(
        file,
        """
        {"added_tokens":[{"id":6,"content":"<pad>","single_word":false,"lstrip":false,
           "rstrip":false,"normalized":false,"special":true}],
         "decoder":%s,"model":{"type":"WordLevel","vocab":{%s},"unk_token":"a"}}
        """
            .formatted(decoder.replace('\'', '"'), vocabulary));
    TokenCodec codec = TokenizerFiles.open(file);
    var random = new RandomTexts(11, List.of());
    try (LibraryTokenizer library = LibraryTokenizer.open(file)) {
      for (int i = 0; i < 2 * TEXTS; i++) {
        int[] ids = random.ids(tokens.size());
        for (boolean skipSpecial : new boolean[] {false, true}) {
          assertThat(TokenizerData.decode(codec, ids, skipSpecial))
              .as(() -> Arrays.stream(ids).mapToObj(codec::token).toList().toString())
              .isEqualTo(library.decode(ids, skipSpecial));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'WordPiece','unk_token':'[UNK]','continuing_subword_prefix':'##',"
            + "'max_input_chars_per_word':12,'vocab':{%s}}",
        "{'type':'WordLevel','unk_token':'[UNK]','vocab':{%s}}",
        "{'type':'BPE','unk_token':'[UNK]','continuing_subword_prefix':'##','fuse_unk':true,"
            + "'vocab':{%s},'merges':['t ##h','th ##e']}",
        // Without its type, as older files have it.
        "{'vocab':{%s},'merges':['t ##h'],'continuing_subword_prefix':'##'}"
      })
  void models(String model) throws IOException {
    String tokens =
        "'[UNK]':0,'t':1,'##h':2,'th':3,'##e':4,'the':5,'a':6,'##n':7,'an':8,'##d':9,'o':10,'w':11,"
            + "'##s':12,'##a':13,'I':14,'it':15,'##t':16,'i':17,'was':18,'said':19,',':20,'.':21";
    Path file =
        write(
            """
            {'pre_tokenizer':{'type':'BertPreTokenizer'},
             'post_processor':{'type':'BertProcessing','sep':['a',6],'cls':['[UNK]',0]},
             'model':%s}
            """
                .formatted(model.formatted(tokens)));
    TokenCodec codec = TokenizerFiles.open(file);
    var texts = new RandomTexts(13, List.of("the", "and"));
    try (LibraryTokenizer library = LibraryTokenizer.open(file)) {
      for (int i = 0; i < TEXTS; i++) {
        String text = texts.next();
        assertThat(TokenizerData.encode(codec, text, true, true))
            .as(() -> LibraryTokenizer.escaped(text))
            .isEqualTo(library.encode(text, true));
      }
    }
  }

  private Path write(String json) throws IOException {
    return Files.writeString(folder.resolve("tokenizer.json"), json.replace('\'', '"'));
  }
}
