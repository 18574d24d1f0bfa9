package dev.mor4j.converter.gguf;

import dev.mor4j.converter.ConversionProgress;
import java.util.Objects;
import java.util.Optional;

/**
 * How to export.
 *
 * @param type of the matrices; empty for the type that they have, F32 where they differ
 * @param withTokenizer whether {@code tokenizer.json} is exported, where there is one
 * @param overwrite whether a GGUF file at the destination is replaced
 * @param progress is told how far the export is
 */
public record GgufOptions(
    Optional<GgufType> type,
    boolean withTokenizer,
    boolean overwrite,
    ConversionProgress progress) {
  /** As stored, with the tokenizer; refuses an existing destination and reports no progress. */
  public static final GgufOptions DEFAULT =
      new GgufOptions(Optional.empty(), true, false, ConversionProgress.NONE);

  public GgufOptions {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(progress, "progress");
  }

  /** These options with matrices of type {@code wanted}. */
  public GgufOptions withType(GgufType wanted) {
    return new GgufOptions(Optional.of(wanted), withTokenizer, overwrite, progress);
  }
}
