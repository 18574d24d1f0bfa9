package dev.mor4j.runtime.backend;

import dev.mor4j.runtime.cache.KvCache;

/**
 * The rows of one pass: which hidden states, at which positions, with which caches, and what
 * becomes of the result. Rows may belong to different sequences and depths. Filled anew for each
 * pass, allocated once; one thread at a time.
 */
public final class RowPass {
  /** Rows in use. */
  public int rows;

  /** Which states the pass reads and writes. */
  public Workspace.State state = Workspace.State.HIDDEN;

  /** What becomes of the result. */
  public enum Gating {
    /** It takes the place of the state. */
    REPLACE,
    /** Times its gate in {@link #gates}, it is added to the state. */
    GIVEN,
    /**
     * Times the gate that the backend has decided, it is added to the state. A backend that decides
     * nothing refuses such a pass with an {@link UnsupportedOperationException}.
     */
    DECIDED
  }

  /** What becomes of the result. */
  public Gating gating = Gating.REPLACE;

  /** [rows] the row's place among the states; distinct. */
  public final int[] stateRow;

  /** [rows] factor of the result, where given; a row whose gate is exactly 0 keeps its state. */
  public final float[] gates;

  /** [rows] place of the row's token in its sequence. */
  public final int[] positions;

  /** [rows] where keys and values are read, and with {@code APPEND} written. */
  public final KvCache[] base;

  /** [rows] where keys and values are written, for rows with an overlay; else null. */
  public final KvCache[] overlay;

  /** [rows] for rows with an overlay: for each position its entry of it, or -1; else null. */
  public final int[][] overlaySlots;

  /** [rows] the entry that the row writes; -1 for none. */
  public final int[] slots;

  /** [rows] how many entries the row attends to, itself included. */
  public final int[] contexts;

  public RowPass(int maxRows) {
    stateRow = new int[maxRows];
    gates = new float[maxRows];
    positions = new int[maxRows];
    base = new KvCache[maxRows];
    overlay = new KvCache[maxRows];
    overlaySlots = new int[maxRows][];
    slots = new int[maxRows];
    contexts = new int[maxRows];
  }

  /** Drops the references to caches, so that a lent workspace keeps none alive. */
  public void clear() {
    for (int i = 0; i < rows; i++) {
      base[i] = null;
      overlay[i] = null;
      overlaySlots[i] = null;
    }
    rows = 0;
  }
}
