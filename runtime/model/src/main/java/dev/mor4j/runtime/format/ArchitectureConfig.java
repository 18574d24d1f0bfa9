package dev.mor4j.runtime.format;

import java.util.List;
import java.util.Objects;

/**
 * The sizes of the decoder layers (Llama) and of the vocabulary. Immutable; made by a {@link
 * Builder}, so that another value breaks nobody who makes one.
 */
public final class ArchitectureConfig {
  private final int hidden;
  private final int intermediate;
  private final int heads;
  private final int kvHeads;
  private final int headDim;
  private final int layers;
  private final int vocabulary;
  private final int maxPositions;
  private final float rmsNormEps;
  private final double ropeTheta;
  private final boolean tiedHead;
  private final int bosTokenId;
  private final List<Integer> eosTokenIds;

  private ArchitectureConfig(Builder from) {
    this.hidden = from.hidden;
    this.intermediate = from.intermediate;
    this.heads = from.heads;
    this.kvHeads = from.kvHeads;
    this.headDim = from.headDim;
    this.layers = from.layers;
    this.vocabulary = from.vocabulary;
    this.maxPositions = from.maxPositions;
    this.rmsNormEps = from.rmsNormEps;
    this.ropeTheta = from.ropeTheta;
    this.tiedHead = from.tiedHead;
    this.bosTokenId = from.bosTokenId;
    this.eosTokenIds = List.copyOf(from.eosTokenIds);
  }

  /**
   * A builder. The sizes have to be given; by default {@code rmsNormEps} is 1e-5, {@code ropeTheta}
   * 10000, the head is tied, and no token begins or ends a text.
   */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder that begins with these values. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.hidden = hidden;
    builder.intermediate = intermediate;
    builder.heads = heads;
    builder.kvHeads = kvHeads;
    builder.headDim = headDim;
    builder.layers = layers;
    builder.vocabulary = vocabulary;
    builder.maxPositions = maxPositions;
    builder.rmsNormEps = rmsNormEps;
    builder.ropeTheta = ropeTheta;
    builder.tiedHead = tiedHead;
    builder.bosTokenId = bosTokenId;
    builder.eosTokenIds = eosTokenIds;
    return builder;
  }

  /** H. */
  public int hidden() {
    return hidden;
  }

  /** F. */
  public int intermediate() {
    return intermediate;
  }

  /** NH, a multiple of {@link #kvHeads()}. */
  public int heads() {
    return heads;
  }

  /** NKV. */
  public int kvHeads() {
    return kvHeads;
  }

  /** DH, even. */
  public int headDim() {
    return headDim;
  }

  /** L, unrolled. */
  public int layers() {
    return layers;
  }

  /** V. */
  public int vocabulary() {
    return vocabulary;
  }

  /** The longest sequence that the model was made for, in tokens. */
  public int maxPositions() {
    return maxPositions;
  }

  /** Epsilon of the RMS norms. */
  public float rmsNormEps() {
    return rmsNormEps;
  }

  /** Base of the rotary frequencies. */
  public double ropeTheta() {
    return ropeTheta;
  }

  /** Whether the head is the embedding matrix. */
  public boolean tiedHead() {
    return tiedHead;
  }

  /** First token of a text, or -1. */
  public int bosTokenId() {
    return bosTokenId;
  }

  /** Tokens that end a text; may be empty. */
  public List<Integer> eosTokenIds() {
    return eosTokenIds;
  }

  /** These sizes with another {@code tiedHead}. */
  public ArchitectureConfig withTiedHead(boolean tied) {
    return toBuilder().tiedHead(tied).build();
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

  private List<Object> values() {
    return List.of(
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
        tiedHead,
        bosTokenId,
        eosTokenIds);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ArchitectureConfig sizes && values().equals(sizes.values());
  }

  @Override
  public int hashCode() {
    return values().hashCode();
  }

  @Override
  public String toString() {
    return "ArchitectureConfig["
        + "hidden="
        + hidden
        + ", intermediate="
        + intermediate
        + ", heads="
        + heads
        + ", kvHeads="
        + kvHeads
        + ", headDim="
        + headDim
        + ", layers="
        + layers
        + ", vocabulary="
        + vocabulary
        + ", maxPositions="
        + maxPositions
        + ", rmsNormEps="
        + rmsNormEps
        + ", ropeTheta="
        + ropeTheta
        + ", tiedHead="
        + tiedHead
        + ", bosTokenId="
        + bosTokenId
        + ", eosTokenIds="
        + eosTokenIds
        + "]";
  }

  /** Takes the values by their names. They are checked by {@link #validate()}, not here. */
  public static final class Builder {
    private int hidden;
    private int intermediate;
    private int heads;
    private int kvHeads;
    private int headDim;
    private int layers;
    private int vocabulary;
    private int maxPositions;
    private float rmsNormEps = 1e-5f;
    private double ropeTheta = 10000;
    private boolean tiedHead = true;
    private int bosTokenId = -1;
    private List<Integer> eosTokenIds = List.of();

    private Builder() {}

    /** H. */
    public Builder hidden(int value) {
      hidden = value;
      return this;
    }

    /** F. */
    public Builder intermediate(int value) {
      intermediate = value;
      return this;
    }

    /** NH, a multiple of {@code kvHeads}. */
    public Builder heads(int value) {
      heads = value;
      return this;
    }

    /** NKV. */
    public Builder kvHeads(int value) {
      kvHeads = value;
      return this;
    }

    /** DH, even. */
    public Builder headDim(int value) {
      headDim = value;
      return this;
    }

    /** L, unrolled. */
    public Builder layers(int value) {
      layers = value;
      return this;
    }

    /** V. */
    public Builder vocabulary(int value) {
      vocabulary = value;
      return this;
    }

    /** The longest sequence that the model was made for, in tokens. */
    public Builder maxPositions(int value) {
      maxPositions = value;
      return this;
    }

    /** Epsilon of the RMS norms. */
    public Builder rmsNormEps(float value) {
      rmsNormEps = value;
      return this;
    }

    /** Base of the rotary frequencies. */
    public Builder ropeTheta(double value) {
      ropeTheta = value;
      return this;
    }

    /** Whether the head is the embedding matrix. */
    public Builder tiedHead(boolean value) {
      tiedHead = value;
      return this;
    }

    /** First token of a text, or -1. */
    public Builder bosTokenId(int value) {
      bosTokenId = value;
      return this;
    }

    /** Tokens that end a text; may be empty. */
    public Builder eosTokenIds(List<Integer> value) {
      eosTokenIds = Objects.requireNonNull(value, "value");
      return this;
    }

    public ArchitectureConfig build() {
      return new ArchitectureConfig(this);
    }
  }
}
