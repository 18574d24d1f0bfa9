package dev.mor4j.runtime;

import java.util.Optional;

/** How fast a model runs on this machine; see {@link ModelProbe}. */
public final class ModelSpeed {
  private final int promptTokens;
  private final Part decode;
  private final Part prefill;
  private final Optional<MeasuredRate> bandwidth;

  /** Tokens of a round, their mean depth, and how many a second were computed. */
  record Part(int tokens, double depth, MeasuredRate rate) {}

  ModelSpeed(int promptTokens, Part decode, Part prefill, Optional<MeasuredRate> bandwidth) {
    this.promptTokens = promptTokens;
    this.decode = decode;
    this.prefill = prefill;
    this.bandwidth = bandwidth;
  }

  /** Tokens in the caches where decoding began. */
  public int promptTokens() {
    return promptTokens;
  }

  /** Tokens decoded in a round, one at a time. */
  public int decodedTokens() {
    return decode.tokens();
  }

  /** Mean depth of the positions that predicted them. */
  public double decodeDepth() {
    return decode.depth();
  }

  /** Tokens a second. */
  public MeasuredRate decodeRate() {
    return decode.rate();
  }

  /** Tokens of a prompt. */
  public int prefillTokens() {
    return prefill.tokens();
  }

  /** Their mean depth. */
  public double prefillDepth() {
    return prefill.depth();
  }

  /** Tokens of a prompt a second, up to the first new one. */
  public MeasuredRate prefillRate() {
    return prefill.rate();
  }

  /**
   * Bytes a second that all threads read from memory, measured before and after each decoding;
   * empty where the machine was not measured.
   */
  public Optional<MeasuredRate> bandwidth() {
    return bandwidth;
  }

  @Override
  public String toString() {
    return "ModelSpeed[decode "
        + decode
        + " after "
        + promptTokens
        + " tokens, prefill "
        + prefill
        + bandwidth.map(rate -> ", bandwidth " + rate).orElse("")
        + "]";
  }
}
