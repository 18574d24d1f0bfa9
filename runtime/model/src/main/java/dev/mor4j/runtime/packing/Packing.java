package dev.mor4j.runtime.packing;

import dev.mor4j.runtime.numbers.WeightType;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How a weight matrix [rows, cols] is packed for the kernels: panels of 16 rows side by side, with
 * the columns rounded up to a multiple of 64, KP. What the matrix lacks is zero.
 *
 * <pre>
 *   BF16  panel [KP/2][16][2] bfloat16                                             32 KP bytes
 *   INT8  panel [KP/64] of { scales [2][16] bfloat16 | q [2][8][16][4] uint8 }     17 KP bytes
 *   INT4  panel [KP/64] of { scales [2][16] bfloat16 | q [2][4][16][4] 2 nibbles }  9 KP bytes
 * </pre>
 *
 * <p>A block is 32 columns of one row and has a scale of at least 0. INT8: {@code w = scale (q -
 * 128)}, q in 1 .. 255. INT4: {@code w = scale (n - 8)}, n in 0 .. 15; a byte holds column c of its
 * block in the low nibble and column 16 + c in the high one.
 *
 * <p>In {@code model.safetensors} a packed matrix is of type U8 and shape [panels, bytes of a
 * panel]; the second size tells which packing it is.
 */
public enum Packing {
  BF16(WeightType.BF16_PANELS, "BF16_PANELS"),
  INT8(WeightType.INT8_PANELS, "INT8"),
  INT4(WeightType.INT4_PANELS, "INT4");

  /** Rows of a panel. */
  public static final int PANEL_ROWS = WeightType.PANEL_ROWS;

  /** Columns of a block, which has one scale for each row. */
  public static final int BLOCK_COLS = 32;

  private static final int CHUNK_COLS = WeightType.PANEL_COLS;
  private static final int SCALES_BYTES = CHUNK_COLS / BLOCK_COLS * PANEL_ROWS * Short.BYTES;

  private final WeightType type;
  private final String typeName;

  Packing(WeightType type, String typeName) {
    this.type = type;
    this.typeName = typeName;
  }

  /** The name on a command line and in a file. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The packing whose {@link #label()} is {@code label}. */
  public static Optional<Packing> find(String label) {
    for (Packing packing : values()) {
      if (packing.label().equals(label)) {
        return Optional.of(packing);
      }
    }
    return Optional.empty();
  }

  /** What a report calls the type of numbers packed like this. */
  public String typeName() {
    return typeName;
  }

  /** Whether numbers are multiples of a scale. */
  public boolean hasScales() {
    return this != BF16;
  }

  /** Columns of a panel, those included that the matrix lacks: KP. */
  public static int paddedCols(int cols) {
    return Math.ceilDiv(cols, CHUNK_COLS) * CHUNK_COLS;
  }

  /** Panels of a matrix with {@code rows} rows. */
  public static long panels(long rows) {
    return Math.ceilDiv(rows, PANEL_ROWS);
  }

  /** Bytes of one panel. */
  public long panelBytes(long cols) {
    return type.panelBytes(cols);
  }

  /** The shape of a packed matrix in a file: [panels, bytes of a panel]. */
  public List<Long> shape(long rows, long cols) {
    return List.of(panels(rows), panelBytes(cols));
  }

  /** Where in its panel the number of a column lies, for row {@code row} of the panel: its byte. */
  int place(int row, int col) {
    if (this == BF16) {
      return ((col / 2 * PANEL_ROWS + row) * 2 + col % 2) * Short.BYTES;
    }
    int inBlock = col % (this == INT4 ? BLOCK_COLS / 2 : BLOCK_COLS);
    return chunk(col)
        + SCALES_BYTES
        + block(col) * blockBytes()
        + (inBlock / 4 * PANEL_ROWS + row) * 4
        + inBlock % 4;
  }

  /** Where in its panel the scale of the block with a column lies, for a row of the panel. */
  int scalePlace(int row, int col) {
    return chunk(col) + (block(col) * PANEL_ROWS + row) * Short.BYTES;
  }

  private int chunk(int col) {
    return col / CHUNK_COLS * (SCALES_BYTES + CHUNK_COLS / BLOCK_COLS * blockBytes());
  }

  /** Which block of its chunk a column is in. */
  private static int block(int col) {
    return col % CHUNK_COLS / BLOCK_COLS;
  }

  /** Bytes of the numbers of a block, of all rows of a panel. */
  private int blockBytes() {
    return PANEL_ROWS * BLOCK_COLS / (this == INT4 ? 2 : 1);
  }
}
