package dev.mor4j.runtime.format;

import java.util.List;

/**
 * The sizes of the decoder layers (Llama) and of the vocabulary.
 *
 * @param hidden H
 * @param intermediate F
 * @param heads NH, a multiple of {@code kvHeads}
 * @param kvHeads NKV
 * @param headDim DH, even
 * @param layers L, unrolled
 * @param vocabulary V
 * @param maxPositions longest sequence the model was made for
 * @param rmsNormEps epsilon of the RMS norms
 * @param ropeTheta base of the rotary frequencies
 * @param tiedHead whether the head is the embedding matrix
 * @param bosTokenId first token of a text, or -1
 * @param eosTokenIds tokens that end a text; may be empty
 */
public record ArchitectureConfig(
    int hidden,
    int intermediate,
    int heads,
    int kvHeads,
    int headDim,
    int layers,
    int vocabulary,
    int maxPositions,
    float rmsNormEps,
    double ropeTheta,
    boolean tiedHead,
    int bosTokenId,
    List<Integer> eosTokenIds) {
  public ArchitectureConfig {
    eosTokenIds = List.copyOf(eosTokenIds);
  }

  /** These sizes with another {@code tiedHead}. */
  public ArchitectureConfig withTiedHead(boolean tied) {
    return new ArchitectureConfig(
        hidden,
        intermediate,
        heads,
        kvHeads,
        headDim,
        layers,
        vocabulary,
        maxPositions,
        rmsNormEps,
        ropeTheta,
        tied,
        bosTokenId,
        eosTokenIds);
  }

  /** Checks every value against its range, so that no later size computation can overflow. */
  public void validate() throws ModelFormatException {
    range("hidden_size", hidden, 1, 1 << 17);
    range("intermediate_size", intermediate, 1, 1 << 20);
    range("num_attention_heads", heads, 1, 1 << 12);
    range("num_key_value_heads", kvHeads, 1, heads);
    range("head_dim", headDim, 2, 1 << 12);
    range("num_hidden_layers", layers, 1, 1 << 12);
    range("vocab_size", vocabulary, 1, 1 << 24);
    range("max_position_embeddings", maxPositions, 1, 1 << 24);
    range("bos_token_id", bosTokenId, -1, vocabulary - 1);
    for (int id : eosTokenIds) {
      range("eos_token_id", id, 0, vocabulary - 1);
    }
    if (heads % kvHeads != 0) {
      throw new ModelFormatException(
          "num_attention_heads is "
              + heads
              + ", expected a multiple of num_key_value_heads "
              + kvHeads);
    }
    if (headDim % 2 != 0) {
      throw new ModelFormatException(
          "head_dim is " + headDim + ", expected an even number (rotary halves)");
    }
    if (!(rmsNormEps >= 0f && rmsNormEps < 1f)) {
      throw new ModelFormatException(
          "rms_norm_eps is " + rmsNormEps + ", expected a number in [0, 1)");
    }
    if (!(ropeTheta > 0 && ropeTheta < 1e12)) {
      throw new ModelFormatException(
          "rope_theta is " + ropeTheta + ", expected a number in (0, 1e12)");
    }
  }

  static void range(String name, long value, long least, long most) throws ModelFormatException {
    if (value < least || value > most) {
      throw new ModelFormatException(
          name + " is " + value + ", expected a whole number from " + least + " to " + most);
    }
  }
}
