package dev.mor4j.converter;

import java.util.Objects;
import java.util.Optional;

/**
 * How to convert.
 *
 * @param overwrite whether a converted model at the destination is replaced
 * @param quantization how the matrices are packed; without, they stay row-major in their type
 * @param tokenizer whether the checkpoint's tokenizer is taken along
 * @param progress is told how far the conversion is
 */
public record ConversionOptions(
    boolean overwrite,
    Optional<Quantization> quantization,
    boolean tokenizer,
    ConversionProgress progress) {
  /** Refuses an existing destination, packs nothing and reports no progress. */
  public static final ConversionOptions DEFAULT =
      new ConversionOptions(false, ConversionProgress.NONE);

  public ConversionOptions {
    Objects.requireNonNull(quantization, "quantization");
    Objects.requireNonNull(progress, "progress");
  }

  /** Takes the tokenizer along. */
  public ConversionOptions(
      boolean overwrite, Optional<Quantization> quantization, ConversionProgress progress) {
    this(overwrite, quantization, true, progress);
  }

  /** Packs nothing, and takes the tokenizer along. */
  public ConversionOptions(boolean overwrite, ConversionProgress progress) {
    this(overwrite, Optional.empty(), true, progress);
  }

  public ConversionOptions withQuantization(Quantization value) {
    return new ConversionOptions(overwrite, Optional.of(value), tokenizer, progress);
  }

  /** Leaves the tokenizer out; the model takes and gives token ids only. */
  public ConversionOptions withoutTokenizer() {
    return new ConversionOptions(overwrite, quantization, false, progress);
  }
}
