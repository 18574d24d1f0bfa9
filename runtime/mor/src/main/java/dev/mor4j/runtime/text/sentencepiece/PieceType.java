package dev.mor4j.runtime.text.sentencepiece;

/** What a piece is for: {@code ModelProto.SentencePiece.Type}. */
enum PieceType {
  NORMAL(1),
  UNKNOWN(2),
  CONTROL(3),
  USER_DEFINED(4),
  UNUSED(5),
  BYTE(6);

  private static final PieceType[] TYPES = values();

  private final int number;

  PieceType(int number) {
    this.number = number;
  }

  /** The type with this number, or null. */
  static PieceType of(long number) {
    for (PieceType type : TYPES) {
      if (type.number == number) {
        return type;
      }
    }
    return null;
  }

  /** Whether text is made of such pieces; the others have names only. */
  boolean isText() {
    return this == NORMAL || this == USER_DEFINED || this == UNUSED;
  }
}
