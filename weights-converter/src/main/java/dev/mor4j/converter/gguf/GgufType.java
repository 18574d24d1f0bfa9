package dev.mor4j.converter.gguf;

/** Number types of the matrices of a GGUF file that this project writes, with ggml's numbers. */
public enum GgufType {
  F32(0, 0, 1, 4, Float.POSITIVE_INFINITY),
  F16(1, 1, 1, 2, 65504f),
  /** 32 signed bytes and one float16 scale: {@link Q8Block}. */
  Q8_0(8, 7, Q8Block.ELEMENTS, Q8Block.BYTES, 127 * 65504f),
  BF16(30, 32, 1, 2, Float.intBitsToFloat(0x7f7f0000));

  private final int tensorId;
  private final int fileId;
  private final int blockElements;
  private final int blockBytes;
  private final float largest;

  GgufType(int tensorId, int fileId, int blockElements, int blockBytes, float largest) {
    this.tensorId = tensorId;
    this.fileId = fileId;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
    this.largest = largest;
  }

  /** {@code enum ggml_type}. */
  int tensorId() {
    return tensorId;
  }

  /** {@code general.file_type} of a file whose matrices have this type. */
  int fileId() {
    return fileId;
  }

  /** The largest magnitude that can be stored. */
  float largest() {
    return largest;
  }

  /** Whether rows of this many numbers can be stored. */
  boolean fits(long columns) {
    return columns % blockElements == 0;
  }

  /** Bytes of so many numbers, in rows that {@link #fits fit}. */
  long bytes(long elements) {
    return Math.multiplyExact(elements / blockElements, blockBytes);
  }

  /** The name of the type on the command line. */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
