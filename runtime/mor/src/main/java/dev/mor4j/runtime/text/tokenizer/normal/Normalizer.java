package dev.mor4j.runtime.text.tokenizer.normal;

/** One step that changes a text before it is cut. Immutable; any thread. */
public interface Normalizer {
  /** Leaves every text as it is. */
  Normalizer NONE = text -> text;

  /** The changed text; {@code text} itself where nothing changes. */
  NormalizedText apply(NormalizedText text);
}
