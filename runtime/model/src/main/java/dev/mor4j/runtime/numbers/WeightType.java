package dev.mor4j.runtime.numbers;

/**
 * Number types and layouts of weights. The comment of {@code mor4j_dtype} in {@code mor4j.h} has
 * the map of a panel.
 */
public enum WeightType {
  /** Row-major float32. */
  F32(4, 0),
  /** Row-major bfloat16. */
  BF16(2, 0),
  /** Panels of bfloat16. */
  BF16_PANELS(0, 32),
  /** Panels of bytes with a scale for 32 columns of a row. */
  INT8_PANELS(0, 17),
  /** Panels of half bytes with a scale for 32 columns of a row. */
  INT4_PANELS(0, 9);

  /** Rows of a panel; what the matrix lacks is padding. */
  public static final int PANEL_ROWS = 16;

  /** The columns of a panel are a multiple of this; what the matrix lacks is padding. */
  public static final int PANEL_COLS = 64;

  private static final int PANEL_ALIGNMENT = 64;

  private final int byteSize;
  private final int panelColBytes;

  /**
   * @param byteSize bytes of one weight, row-major; 0 in panels
   * @param panelColBytes bytes that a panel has for each of its columns; 0 row-major
   */
  WeightType(int byteSize, int panelColBytes) {
    this.byteSize = byteSize;
    this.panelColBytes = panelColBytes;
  }

  /** Whether the weights lie in panels; otherwise they are row-major. */
  public boolean isPanels() {
    return panelColBytes > 0;
  }

  /** The address of a matrix is a multiple of so many bytes. */
  public int alignment() {
    return isPanels() ? PANEL_ALIGNMENT : byteSize;
  }

  /**
   * Bytes of one panel of a matrix with {@code cols} columns.
   *
   * @throws ArithmeticException where they do not fit in 63 bits
   * @throws IllegalStateException where this type is row-major
   */
  public long panelBytes(long cols) {
    if (!isPanels()) {
      throw new IllegalStateException(this + " has no panels");
    }
    return Math.multiplyExact(
        Math.multiplyExact(Math.ceilDiv(cols, PANEL_COLS), (long) PANEL_COLS),
        (long) panelColBytes);
  }

  /**
   * Bytes of a matrix [rows, cols], padding included.
   *
   * @throws ArithmeticException where they do not fit in 63 bits
   */
  public long bytes(long rows, long cols) {
    return isPanels()
        ? Math.multiplyExact(Math.ceilDiv(rows, PANEL_ROWS), panelBytes(cols))
        : Math.multiplyExact(Math.multiplyExact(rows, cols), (long) byteSize);
  }
}
