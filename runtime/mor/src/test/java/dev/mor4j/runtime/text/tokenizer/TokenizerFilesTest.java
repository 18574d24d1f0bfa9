package dev.mor4j.runtime.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.text.codec.TokenCodec;
import dev.mor4j.runtime.text.codec.TooManyTokensException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What files are refused, and with which words; what files are read. */
class TokenizerFilesTest {
  private static final String MODEL =
      "'model':{'type':'BPE','vocab':{'a':0,'b':1,'ab':2},'merges':[['a','b']]}";

  @TempDir private Path folder;

  private Path write(String json) throws IOException {
    return Files.writeString(folder.resolve("tokenizer.json"), json.replace('\'', '"'));
  }

  private void assertRefused(String json, String... parts) throws IOException {
    Path file = write(json);
    assertThatThrownBy(() -> TokenizerFiles.open(file))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContainingAll(parts);
  }

  static Stream<Arguments> files() {
    return Stream.of(
        arguments("", "the end of the file", "an object"),
        arguments("[]", "an array", "an object"),
        arguments("{}", "model", "nothing"),
        arguments("{'model':null}", "model", "null"),
        arguments("{'model':[]}", "model", "an array"),
        arguments("{'model':{}}", "model.type", "nothing"),
        arguments("{'version':'2.0'," + MODEL + "}", "version", "2.0"),
        arguments("{" + MODEL, "not JSON", "line 1"),
        arguments("{" + MODEL + "} x", "not JSON", "line 1"),
        arguments("{" + MODEL + "} {}", "nothing behind the object", "an object"),
        arguments("{'normalizer':" + "[".repeat(100), "not JSON", "depth"),
        arguments("{'normalizer':'NFC'," + MODEL + "}", "normalizer", "\"NFC\""));
  }

  @ParameterizedTest
  @MethodSource("files")
  void refusesFiles(String json, String first, String second) throws IOException {
    assertRefused(json, first, second);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'type':'Foo'} | model.type | \"Foo\"",
        "{'type':7} | model.type | 7",
        "{'type':'BPE'} | model.vocab | nothing",
        "{'type':'BPE','vocab':{'a':0}} | model.merges | nothing",
        "{'type':'BPE','vocab':[],'merges':[]} | model.vocab | an object",
        "{'type':'BPE','vocab':7,'merges':[]} | model.vocab | 7",
        "{'type':'BPE','vocab':{'a':-1},'merges':[]} | model.vocab[\"a\"] | -1",
        "{'type':'BPE','vocab':{'a':1.5},'merges':[]} | model.vocab[\"a\"] | 1.5",
        "{'type':'BPE','vocab':{'a':'b'},'merges':[]} | model.vocab[\"a\"] | \"b\"",
        "{'type':'BPE','vocab':{'a':4294967296},'merges':[]} | model.vocab[\"a\"] | 4294967296",
        "{'type':'BPE','vocab':{'a':99999999},'merges':[]} | model.vocab[\"a\"] | 99999999",
        "{'type':'BPE','vocab':{'a':0},'merges':['a']} | model.merges[0] | \"a\"",
        "{'type':'BPE','vocab':{'a':0},'merges':['a a a']} | model.merges[0] | \"a a a\"",
        "{'type':'BPE','vocab':{'a':0},'merges':[['a']]} | model.merges[0] | a pair",
        "{'type':'BPE','vocab':{'a':0},'merges':[['a','a','a']]} | model.merges[0] | nothing else",
        "{'type':'BPE','vocab':{'a':0},'merges':[['a','b']]} | model.merges[0] | \"b\"",
        "{'type':'BPE','vocab':{'a':0},'merges':[['a','a']]} | model.merges[0] | \"aa\"",
        "{'type':'BPE','vocab':{'a':0},'merges':{}} | model.merges | an object",
        "{'type':'BPE','vocab':{'a':0},'merges':[],'fuse_unk':1} | model.fuse_unk | 1",
        "{'type':'Unigram','vocab':{'a':0}} | model.vocab | an array",
        "{'type':'Unigram','vocab':[['a',0]],'unk_id':1} | model.unk_id | 1",
        "{'type':'Unigram','vocab':[['a']]} | model.vocab[0] | score",
        "{'type':'Unigram','vocab':[['a',0,0]]} | model.vocab[0] | nothing else",
        "{'type':'WordLevel','vocab':{'a':0},'unk_token':'b'} | model.unk_token | \"b\"",
        "{'type':'WordPiece','vocab':{'a':0},'unk_token':'a'} | continuing_subword_prefix | text"
      })
  void refusesModels(String model, String first, String second) throws IOException {
    assertRefused("{'model':" + model + "}", first, second);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "normalizer | {'type':'Foo'} | normalizer.type | \"Foo\"",
        "normalizer | {} | normalizer.type | nothing",
        "normalizer | {'type':'Sequence','normalizers':[7]} | normalizer.normalizers[0] | 7",
        "normalizer | {'type':'Sequence','normalizers':[{'type':'X'}]} | normalizers[0].type | X",
        "normalizer | {'type':'Prepend'} | normalizer.prepend | nothing",
        "normalizer | {'type':'Replace','pattern':{},'content':''} | normalizer.pattern | Regex",
        "normalizer | {'type':'Replace','pattern':{'Regex':'('},'content':''} | pattern.Regex | (",
        "normalizer | {'type':'Precompiled','precompiled_charsmap':'!'} | charsmap | Base64",
        "normalizer | {'type':'Precompiled','precompiled_charsmap':'/////w=='} | charsmap | double array",
        "pre_tokenizer | {'type':'UnicodeScripts'} | pre_tokenizer.type | \"UnicodeScripts\"",
        "pre_tokenizer | {'type':'Metaspace','replacement':'ab'} | replacement | one character",
        "pre_tokenizer | {'type':'Metaspace','replacement':'_','prepend_scheme':'x'} | scheme | x",
        "pre_tokenizer | {'type':'Punctuation','behavior':'Foo'} | behavior | \"Foo\"",
        "pre_tokenizer | {'type':'FixedLength','length':0} | length | 0",
        "post_processor | {'type':'Foo'} | post_processor.type | \"Foo\"",
        "post_processor | {'type':'BertProcessing','cls':['a',0]} | post_processor.sep | nothing",
        "post_processor | {'type':'BertProcessing','cls':[0],'sep':[0]} | cls | its id",
        "decoder | {'type':'Foo'} | decoder.type | \"Foo\"",
        "decoder | {'type':'BPEDecoder','suffix':''} | decoder.suffix | not empty",
        "decoder | {'type':'Strip','content':'a','start':-1,'stop':0} | decoder.start | -1"
      })
  void refusesComponents(String key, String value, String first, String second) throws IOException {
    assertRefused("{'" + key + "':" + value + "," + MODEL + "}", first, second);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[{'SpecialToken':{'id':'x','type_id':0}},{'Sequence':{'id':'A','type_id':0}}] | x",
        "[{'SpecialToken':{'id':'<s>','type_id':0}}] | expected once",
        "[{'Sequence':{'id':'A'}},{'Sequence':{'id':'A'}}] | 2 times",
        "[{'Sequence':{'id':'B','type_id':0}}] | \"B\"",
        "[{}] | Sequence"
      })
  void refusesTemplates(String single, String part) throws IOException {
    assertRefused(
        "{'post_processor':{'type':'TemplateProcessing','single':"
            + single
            + ",'pair':[],'special_tokens':{'<s>':{'id':'<s>','ids':[1],'tokens':['<s>']}}},"
            + MODEL
            + "}",
        "post_processor",
        part);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | added_tokens | an object",
        "[7] | added_tokens[0] | 7",
        "[{'id':1}] | added_tokens[0].content | nothing",
        "[{'id':1,'content':'x','special':'yes'}] | added_tokens[0].special | \"yes\"",
        "[{'id':-1,'content':'x','special':true}] | added_tokens[0].id | -1",
        "[{'id':1,'content':'\\ud83d','special':true}] | added_tokens[0].content | surrogate"
      })
  void refusesAddedTokens(String tokens, String first, String second) throws IOException {
    assertRefused("{'added_tokens':" + tokens + "," + MODEL + "}", first, second);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "normalizer | normalizers | {'type':'Replace','pattern':{'String':'a'},'content':'aa'} | 2048",
        "normalizer | normalizers | {'type':'ByteLevel'} | 2048",
        "normalizer | normalizers | {'type':'Prepend','prepend':'a'} | 64 steps",
        "pre_tokenizer | pretokenizers | {'type':'ByteLevel','add_prefix_space':true} | 2048",
        "pre_tokenizer | pretokenizers | {'type':'Whitespace'} | 64 steps",
        "decoder | decoders | {'type':'Replace','pattern':{'String':'a'},'content':'aa'} | 2048",
        "decoder | decoders | {'type':'Fuse'} | 64 steps"
      })
  void refusesSequencesThatTakeMuch(String key, String list, String step, String part)
      throws IOException {
    String steps = (step + ",").repeat(64) + step;
    assertRefused(
        "{'%s':{'type':'Sequence','%s':[%s]},%s}".formatted(key, list, steps, MODEL), key, part);
  }

  @Test
  void readsAByteOrderMark() throws IOException {
    Path file = write("\uFEFF{" + MODEL + "}");
    assertThat(TokenizerFiles.open(file).encode("abab", false, 2)).containsExactly(2, 2);
    Path vocabulary =
        Files.writeString(folder.resolve("vocab.json"), "\uFEFF{\"a\":0,\"b\":1,\"ab\":2}");
    Files.writeString(folder.resolve("merges.txt"), "\uFEFF#version: 0.2\r\na b\r\n");
    assertThat(TokenizerFiles.open(vocabulary).encode("abab", false, 2)).containsExactly(2, 2);
  }

  @Test
  void takesTheKeysInAnyOrder() throws IOException {
    Path file =
        write(
            "{'model':{'merges':['\u0120 b'],'vocab':{'\u0120':0,'b':1,'\u0120b':2},'type':'BPE'},"
                + "'pre_tokenizer':{'use_regex':true,'add_prefix_space':false,'type':'ByteLevel'},"
                + "'decoder':{'type':'ByteLevel'},'padding':{'x':[[1]]},'unknown':7}");
    TokenCodec codec = TokenizerFiles.open(file);
    assertThat(codec.encode("b b", false, TokenCodec.NO_LIMIT)).containsExactly(1, 2);
    assertThat(TokenizerData.decode(codec, new int[] {1, 2, 99, -1}, false)).isEqualTo("b b");
    assertThat(codec.idBound()).isEqualTo(3);
    assertThat(codec.id("\u0120b")).hasValue(2);
    assertThat(codec.token(2)).contains("\u0120b");
    assertThat(codec.token(3)).isEmpty();
    assertThat(codec.id(" b")).isEmpty();
  }

  @Test
  void stopsAtTheLimit() throws IOException {
    TokenCodec codec = TokenizerFiles.open(write("{" + MODEL + "}"));
    assertThat(codec.encode("ababab", false, 3)).hasSize(3);
    assertThatThrownBy(() -> codec.encode("ababab", false, 2))
        .isInstanceOf(TooManyTokensException.class);
  }

  @Test
  void takesALoneSurrogateAsAReplacementCharacter() throws IOException {
    Path file =
        write(
            "{'pre_tokenizer':{'type':'ByteLevel','add_prefix_space':false},"
                + "'model':{'type':'BPE','vocab':{'\u00EF':0,'\u00BF':1,'\u00BD':2,'a':3},'merges':[]}}");
    TokenCodec codec = TokenizerFiles.open(file);
    int[] expected = {3, 0, 1, 2, 3, 0, 1, 2};
    assertThat(codec.encode("a\uD83Da\uDE00", false, TokenCodec.NO_LIMIT)).isEqualTo(expected);
    assertThat(codec.encode("a\uFFFDa\uFFFD", false, TokenCodec.NO_LIMIT)).isEqualTo(expected);
  }

  @Test
  void namesWhatAFolderLacks() throws IOException {
    assertThatThrownBy(() -> TokenizerFiles.open(folder))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("tokenizer.json", "tokenizer.model", "vocab.json");
    Path vocabulary = Files.writeString(folder.resolve("vocab.json"), "{}");
    assertThatThrownBy(() -> TokenizerFiles.open(vocabulary))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("merges.txt");
    Path merges = Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\n\na b c\n");
    assertThatThrownBy(() -> TokenizerFiles.open(merges))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("merges.txt", "line 3");
    Files.write(merges, "a \u00E9\n".getBytes(StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> TokenizerFiles.open(merges))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("UTF-8");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"made-bf-metaspace-first", "made-uni-nfkc-bf", "made-added", "made-suffix"})
  void damagedFilesAreReadOrRefused(String name) throws IOException {
    TokenizerData.unpack(name, folder);
    Path file = folder.resolve("tokenizer.json");
    String whole = Files.readString(file);
    int settings = Math.min(whole.length(), whole.indexOf("\"vocab\"") + 100);
    String[] values = {
      "null", "{}", "[]", "-1", "\"\"", "7", "true", "1e999", "[[]]", "99999999999"
    };
    var random = new Random(23);
    int refused = 0;
    for (int i = 0; i < 400; i++) {
      int from = random.nextInt(settings);
      int to = Math.min(whole.length(), from + random.nextInt(20));
      String put = i % 2 == 0 ? "" : values[random.nextInt(values.length)];
      Files.writeString(file, whole.substring(0, from) + put + whole.substring(to));
      try {
        TokenCodec codec = TokenizerFiles.open(file);
        int[] ids = codec.encode("Alice <s>word", true, TokenCodec.NO_LIMIT);
        TokenizerData.decode(codec, ids, false);
      } catch (ModelFormatException e) {
        assertThat(e).hasMessageContaining(file.toString());
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(100);
  }
}
