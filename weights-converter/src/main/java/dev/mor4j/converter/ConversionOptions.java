package dev.mor4j.converter;

import java.util.Objects;

/**
 * How to convert.
 *
 * @param overwrite whether a converted model at the destination is replaced
 * @param progress is told how far the conversion is
 */
public record ConversionOptions(boolean overwrite, ConversionProgress progress) {
  /** Refuses an existing destination and reports no progress. */
  public static final ConversionOptions DEFAULT =
      new ConversionOptions(false, ConversionProgress.NONE);

  public ConversionOptions {
    Objects.requireNonNull(progress, "progress");
  }
}
