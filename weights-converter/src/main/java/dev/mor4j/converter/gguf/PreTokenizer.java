package dev.mor4j.converter.gguf;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a tokenizer cuts a text before its merges, as llama.cpp names it.
 *
 * @param byteLevel whether it maps bytes to letters, which {@code gpt2} vocabularies need
 * @param name for {@code tokenizer.ggml.pre}
 * @param warning where that name is a guess
 */
record PreTokenizer(boolean byteLevel, String name, Optional<String> warning) {
  /** Llama 3's: up to three digits stay together. */
  private static final String LLAMA_3 = "\\p{N}{1,3}";

  static PreTokenizer of(Object json) {
    List<Map<?, ?>> steps = new ArrayList<>();
    Map<?, ?> whole = GgufTokenizer.map(json);
    if ("Sequence".equals(whole.get("type"))) {
      GgufTokenizer.list(whole.get("pretokenizers"))
          .forEach(step -> steps.add(GgufTokenizer.map(step)));
    } else {
      steps.add(whole);
    }
    Optional<Map<?, ?>> bytes =
        steps.stream().filter(step -> "ByteLevel".equals(step.get("type"))).findFirst();
    if (bytes.isEmpty()) {
      return new PreTokenizer(false, "", Optional.empty());
    }
    boolean words = !Boolean.FALSE.equals(bytes.get().get("use_regex"));
    if (Boolean.TRUE.equals(bytes.get().get("add_prefix_space"))) {
      return guess("a space before each text, which GGUF cannot say here");
    }
    if (words && steps.size() == 1) {
      return new PreTokenizer(true, "gpt-2", Optional.empty());
    }
    Map<?, ?> first = steps.getFirst();
    if (words
        && steps.size() == 2
        && "Digits".equals(first.get("type"))
        && Boolean.TRUE.equals(first.get("individual_digits"))) {
      return new PreTokenizer(true, "smollm", Optional.empty());
    }
    if (!words && steps.size() == 2 && first.toString().contains(LLAMA_3)) {
      return new PreTokenizer(true, "llama-bpe", Optional.empty());
    }
    return guess("rules that are not known here");
  }

  private static PreTokenizer guess(String what) {
    return new PreTokenizer(
        true,
        "gpt-2",
        Optional.of(
            "the tokenizer cuts texts with "
                + what
                + "; tokenizer.ggml.pre is gpt-2, so some texts may become other tokens"));
  }
}
