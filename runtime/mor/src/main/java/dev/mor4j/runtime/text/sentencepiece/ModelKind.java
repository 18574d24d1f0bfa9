package dev.mor4j.runtime.text.sentencepiece;

/** How a text is cut: {@code TrainerSpec.ModelType}. */
enum ModelKind {
  UNIGRAM(1),
  BPE(2),
  WORD(3),
  CHAR(4);

  private final int number;

  ModelKind(int number) {
    this.number = number;
  }

  /** The kind with this number, or null. */
  static ModelKind of(long number) {
    for (ModelKind kind : values()) {
      if (kind.number == number) {
        return kind;
      }
    }
    return null;
  }
}
