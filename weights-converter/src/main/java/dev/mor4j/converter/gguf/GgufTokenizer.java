package dev.mor4j.converter.gguf;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.StrictJson;
import dev.mor4j.runtime.format.TextConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The keys {@code tokenizer.ggml.*}: byte-level BPE, which llama.cpp calls {@code gpt2}. */
final class GgufTokenizer {
  private static final long MAX_BYTES = 64L << 20;
  private static final int NORMAL = 1;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;
  private static final int UNUSED = 5;

  private final Path file;
  private final String[] tokens;
  private final int[] types;

  private GgufTokenizer(Path file, int vocabulary) {
    this.file = file;
    this.tokens = new String[vocabulary];
    this.types = new int[vocabulary];
  }

  /**
   * A vocabulary for a model that has none, so that engines load it: the text of token 17 is {@code
   * <17>}. Texts do not become ids with it, but ids become texts that tell them. The last id ends a
   * text, for these engines cannot do without one.
   */
  static void putSynthetic(ArchitectureConfig a, GgufMetadata metadata) {
    GgufTokenizer tokenizer = new GgufTokenizer(Path.of(""), a.vocabulary());
    for (int id = 0; id < a.vocabulary(); id++) {
      tokenizer.tokens[id] = "<" + id + ">";
      tokenizer.types[id] = NORMAL;
    }
    tokenizer.put("default", List.of(), a.bosTokenId(), eos(a, a.vocabulary() - 1), metadata);
    metadata.putBool("tokenizer.ggml.add_bos_token", false);
  }

  /**
   * The tokenizer in {@code file}.
   *
   * @throws ModelFormatException where it is no byte-level BPE, or uses more ids than the model has
   */
  static void put(Path file, ModelConfig config, GgufMetadata metadata, List<String> warnings)
      throws IOException {
    ArchitectureConfig a = config.architecture();
    Map<String, Object> json = StrictJson.read(file, MAX_BYTES);
    Map<?, ?> model = map(json.get("model"));
    PreTokenizer pre = PreTokenizer.of(json.get("pre_tokenizer"));
    if (!"BPE".equals(model.get("type")) || !pre.byteLevel()) {
      throw new ModelFormatException(
          file,
          "the tokenizer is "
              + model.get("type")
              + (pre.byteLevel() ? "" : " that is not byte-level")
              + ", expected byte-level BPE; without a tokenizer the model can be exported");
    }
    GgufTokenizer tokenizer = new GgufTokenizer(file, a.vocabulary());
    for (Map.Entry<?, ?> entry : map(model.get("vocab")).entrySet()) {
      tokenizer.set(entry.getValue(), (String) entry.getKey(), NORMAL);
    }
    for (Object added : list(json.get("added_tokens"))) {
      Map<?, ?> token = map(added);
      tokenizer.set(
          token.get("id"),
          String.valueOf(token.get("content")),
          Boolean.TRUE.equals(token.get("special")) ? CONTROL : USER_DEFINED);
    }
    for (int id = 0; id < a.vocabulary(); id++) {
      if (tokenizer.tokens[id] == null) {
        tokenizer.tokens[id] = "[PAD" + id + "]";
        tokenizer.types[id] = UNUSED;
      }
    }
    pre.warning().ifPresent(warnings::add);
    tokenizer.put(
        pre.name(), tokenizer.merges(model.get("merges")), a.bosTokenId(), eos(a, -1), metadata);
    // A model that was converted before its config.json had this says it by its template alone.
    boolean addsBos =
        config
            .text()
            .map(text -> beginsWith(text.beginIds(), a.bosTokenId()))
            .orElseGet(() -> beginsWithSpecial(json.get("post_processor")));
    metadata.putBool("tokenizer.ggml.add_bos_token", addsBos);
    config.text().ifPresent(text -> putEnd(text, a, addsBos, metadata, warnings));
  }

  /** Other engines know one token before a text and one behind it, and no others. */
  private static void putEnd(
      TextConfig text,
      ArchitectureConfig a,
      boolean addsBos,
      GgufMetadata metadata,
      List<String> warnings) {
    boolean addsEos = beginsWith(text.endIds(), eos(a, -1));
    metadata.putBool("tokenizer.ggml.add_eos_token", addsEos);
    List<Integer> begin = addsBos ? List.of(a.bosTokenId()) : List.of();
    List<Integer> end = addsEos ? List.of(eos(a, -1)) : List.of();
    if (!text.beginIds().equals(begin) || !text.endIds().equals(end)) {
      warnings.add(
          "texts begin with "
              + text.beginIds()
              + " and end with "
              + text.endIds()
              + "; in other engines they begin with "
              + begin
              + " and end with "
              + end);
    }
  }

  private static boolean beginsWith(List<Integer> ids, int id) {
    return !ids.isEmpty() && ids.getFirst() == id;
  }

  private static int eos(ArchitectureConfig a, int otherwise) {
    return a.eosTokenIds().isEmpty() ? otherwise : a.eosTokenIds().getFirst();
  }

  private void put(String pre, List<String> merges, int bos, int eos, GgufMetadata metadata) {
    metadata.putText("tokenizer.ggml.model", "gpt2");
    metadata.putText("tokenizer.ggml.pre", pre);
    metadata.putTexts("tokenizer.ggml.tokens", Arrays.asList(tokens));
    metadata.putInt32s("tokenizer.ggml.token_type", types);
    metadata.putTexts("tokenizer.ggml.merges", merges);
    // Without these, llama.cpp takes GPT-2's own id 11 for both.
    if (bos >= 0 || eos >= 0) {
      metadata.putUint32("tokenizer.ggml.bos_token_id", bos >= 0 ? bos : eos);
      metadata.putUint32("tokenizer.ggml.eos_token_id", eos >= 0 ? eos : bos);
    }
  }

  private void set(Object id, String text, int type) throws ModelFormatException {
    if (!(id instanceof Long number) || number < 0 || number >= tokens.length) {
      throw new ModelFormatException(
          file, "token '" + text + "' has id " + id + ", expected 0 to " + (tokens.length - 1));
    }
    tokens[number.intValue()] = text;
    types[number.intValue()] = type;
  }

  /** Older files have {@code "a b"} for a merge, newer ones {@code ["a", "b"]}. */
  private List<String> merges(Object merges) throws ModelFormatException {
    List<String> texts = new ArrayList<>();
    for (Object merge : list(merges)) {
      List<?> pair = merge instanceof String text ? List.of(text) : list(merge);
      if (pair.isEmpty() || pair.size() > 2 || !pair.stream().allMatch(String.class::isInstance)) {
        throw new ModelFormatException(
            file, "found the merge " + merge + ", expected two pieces of text");
      }
      texts.add(pair.stream().map(String.class::cast).collect(Collectors.joining(" ")));
    }
    return texts;
  }

  /** Whether a text is given a token to begin with, by a template such as {@code <s> $A}. */
  private static boolean beginsWithSpecial(Object processor) {
    List<?> steps =
        map(processor).containsKey("processors")
            ? list(map(processor).get("processors"))
            : Arrays.asList(processor);
    for (Object step : steps) {
      Optional<?> first = list(map(step).get("single")).stream().findFirst();
      if (first.isPresent() && map(first.get()).containsKey("SpecialToken")) {
        return true;
      }
    }
    return false;
  }

  static Map<?, ?> map(Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  static List<?> list(Object value) {
    return value instanceof List<?> list ? list : List.of();
  }
}
