package dev.mor4j.runtime.text.bounds;

import java.util.Optional;

/**
 * A family of tokenizer classes of the {@code transformers} library, so far as it decides what
 * begins and ends a text. The library has each class twice, with and without {@code Fast}.
 *
 * <p>Some classes put their own processor in the place of the file's, made of {@code add_bos_token}
 * and {@code add_eos_token}; to all others these settings mean nothing ({@code
 * update_post_processor} in version 4.52.4).
 */
enum TokenizerClass {
  LLAMA("LlamaTokenizer", true, "<s>", "</s>", "<unk>", null),
  CODE_LLAMA("CodeLlamaTokenizer", true, "<s>", "</s>", "<unk>", null),
  GEMMA("GemmaTokenizer", true, "<bos>", "<eos>", "<unk>", "<pad>"),
  COHERE("CohereTokenizer", true, "<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>", "<UNK>", null),
  GPT_NEOX("GPTNeoXTokenizer", false, "<|endoftext|>", "<|endoftext|>", "<|endoftext|>", null),
  GPT2("GPT2Tokenizer", false, "<|endoftext|>", "<|endoftext|>", "<|endoftext|>", null),
  QWEN2("Qwen2Tokenizer", false, null, "<|endoftext|>", "<|endoftext|>", "<|endoftext|>"),
  /** Any other class: what the file's own post-processor says. */
  OTHER("", false, null, null, null, null);

  private final String className;
  private final boolean addsBos;

  private final String bos;
  private final String eos;
  private final String unk;
  private final String pad;

  TokenizerClass(
      String className, boolean addsBos, String bos, String eos, String unk, String pad) {
    this.className = className;
    this.addsBos = addsBos;
    this.bos = bos;
    this.eos = eos;
    this.unk = unk;
    this.pad = pad;
  }

  /** The class that {@code tokenizer_class} names. */
  static TokenizerClass named(String tokenizerClass) {
    String base =
        tokenizerClass.endsWith("Fast")
            ? tokenizerClass.substring(0, tokenizerClass.length() - "Fast".length())
            : tokenizerClass;
    for (TokenizerClass family : values()) {
      if (family != OTHER && family.className.equals(base)) {
        return family;
      }
    }
    return OTHER;
  }

  /** The class that the library takes for a {@code model_type} where no file names one. */
  static TokenizerClass ofModel(String modelType) {
    return switch (modelType) {
      case "arcee",
          "deepseek_v2",
          "deepseek_v3",
          "diffllama",
          "jamba",
          "jetmoe",
          "llama",
          "llama4" ->
          LLAMA;
      case "mistral", "mixtral", "persimmon", "phi3", "phimoe", "zamba", "zamba2" -> LLAMA;
      case "code_llama" -> CODE_LLAMA;
      case "gemma", "gemma2", "gemma3", "gemma3_text", "recurrent_gemma" -> GEMMA;
      case "cohere", "cohere2" -> COHERE;
      case "falcon_mamba", "gpt_neox", "mamba", "mamba2", "mpt", "olmo", "olmo2", "olmoe", "rwkv" ->
          GPT_NEOX;
      case "stablelm" -> GPT_NEOX;
      case "gpt2", "gpt_bigcode", "gpt_neo" -> GPT2;
      case "qwen2", "qwen2_moe", "qwen3", "qwen3_moe" -> QWEN2;
      default -> OTHER;
    };
  }

  /** Whether {@code add_bos_token} and {@code add_eos_token} replace the file's post-processor. */
  boolean heedsFlags() {
    return switch (this) {
      case LLAMA, CODE_LLAMA, GEMMA, COHERE, GPT_NEOX -> true;
      case GPT2, QWEN2, OTHER -> false;
    };
  }

  /** {@code add_bos_token} where it is not said. */
  boolean addsBos() {
    return addsBos;
  }

  /** The token under {@code key}, such as {@code bos_token}, where no file says one. */
  Optional<String> token(String key) {
    return Optional.ofNullable(
        switch (key) {
          case SpecialTokens.BOS -> bos;
          case SpecialTokens.EOS -> eos;
          case SpecialTokens.UNK -> unk;
          case SpecialTokens.PAD -> pad;
          default -> null;
        });
  }
}
