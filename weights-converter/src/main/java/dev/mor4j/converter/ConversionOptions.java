package dev.mor4j.converter;

import java.util.Objects;
import java.util.Optional;

/**
 * How to convert.
 *
 * @param overwrite whether a converted model at the destination is replaced
 * @param quantization how the matrices are packed; without, they stay row-major in their type
 * @param tokenizer whether the checkpoint's tokenizer is taken along
 * @param allowNonFinite whether weights that are NaN or infinite are kept, with a warning; else
 *     they are an error, and so they always are in a matrix that is packed
 * @param progress is told how far the conversion is
 */
public record ConversionOptions(
    boolean overwrite,
    Optional<Quantization> quantization,
    boolean tokenizer,
    boolean allowNonFinite,
    ConversionProgress progress) {
  /** Refuses an existing destination, packs nothing and reports no progress. */
  public static final ConversionOptions DEFAULT =
      new ConversionOptions(false, ConversionProgress.NONE);

  public ConversionOptions {
    Objects.requireNonNull(quantization, "quantization");
    Objects.requireNonNull(progress, "progress");
  }

  /** Takes the tokenizer along, and finite weights only. */
  public ConversionOptions(
      boolean overwrite, Optional<Quantization> quantization, ConversionProgress progress) {
    this(overwrite, quantization, true, false, progress);
  }

  /** Packs nothing, takes the tokenizer along, and finite weights only. */
  public ConversionOptions(boolean overwrite, ConversionProgress progress) {
    this(overwrite, Optional.empty(), progress);
  }

  public ConversionOptions withQuantization(Quantization value) {
    return new ConversionOptions(
        overwrite, Optional.of(value), tokenizer, allowNonFinite, progress);
  }

  /** Leaves the tokenizer out; the model takes and gives token ids only. */
  public ConversionOptions withoutTokenizer() {
    return new ConversionOptions(overwrite, quantization, false, allowNonFinite, progress);
  }

  /** Keeps weights that are NaN or infinite. */
  public ConversionOptions withNonFinite() {
    return new ConversionOptions(overwrite, quantization, tokenizer, true, progress);
  }
}
