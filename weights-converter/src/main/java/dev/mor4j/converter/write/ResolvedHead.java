package dev.mor4j.converter.write;

import dev.mor4j.converter.source.SourceModel;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.ModelFormatException;
import dev.mor4j.runtime.format.TensorNames;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether the head is the embedding: what {@code tie_word_embeddings} says held against the
 * tensors.
 *
 * @param config with the aliases found; {@code tiedHead} as the tensors have it
 * @param warnings for the conversion's report
 */
public record ResolvedHead(ModelConfig config, List<String> warnings) {

  /**
   * Decides by value. The authors' training code unties the head of recursive models and leaves the
   * setting as it was; what it computes uses the head of its own, so that one is kept. {@code
   * transformers} would overwrite a Llama model's head with the embedding when it loads it, so
   * there the contradiction is an error.
   */
  public static ResolvedHead of(Path folder, SourceModel model, SharedTensors shared)
      throws ModelFormatException {
    ModelConfig config = model.withAliases(shared.aliases());
    if (!config.architecture().tiedHead()) {
      return new ResolvedHead(config, List.of());
    }
    String difference =
        "tie_word_embeddings is true, but lm_head.weight differs from model.embed_tokens.weight";
    if (!shared.stored().containsKey(TensorNames.HEAD)) {
      Map<String, String> aliases = new LinkedHashMap<>(shared.aliases());
      aliases.put(
          TensorNames.HEAD, aliases.getOrDefault(TensorNames.EMBEDDING, TensorNames.EMBEDDING));
      return new ResolvedHead(model.withAliases(aliases), List.of());
    }
    if (!model.hasTrainingSettings()) {
      throw new ModelFormatException(
          folder, difference + "; expected the same values, or tie_word_embeddings false");
    }
    return new ResolvedHead(
        config.withArchitecture(config.architecture().withTiedHead(false)),
        List.of(difference + "; the head was kept as it is"));
  }
}
