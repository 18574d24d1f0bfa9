package dev.mor4j.runtime.backend.cpu;

import dev.mor4j.bindings.cpu.BlockPass;
import dev.mor4j.bindings.cpu.KvRows;
import dev.mor4j.bindings.cpu.SamplingTable;
import dev.mor4j.runtime.backend.PageTableWriter;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.memory.CountedArena;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.memory.NativeBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Activations of the native backend, off-heap. One fixed buffer for what depends on the rows of a
 * pass:
 *
 * <pre>
 *   ids int32 [maxRows] | stateRow int32 [maxRows] | gates [maxRows] | z [maxRows, outs] | rope [maxRows, DH]
 *   | scratch (64-byte aligned)
 * </pre>
 *
 * and growing ones for the states [tokens, H], the page tables and the logits [rows, V], of which
 * most calls want few rows.
 */
final class NativeWorkspace implements Workspace {
  /** Of logits at once, where that is not fewer rows than products need to be fast. */
  private static final long LOGIT_BYTES = 8L << 20;

  private static final long LEAST_LOGIT_ROWS = 32;
  private static final long ALIGNMENT = 64;

  final MemorySegment ids;
  final MemorySegment stateRow;
  final MemorySegment gates;
  final MemorySegment z;
  final MemorySegment rope;
  final MemorySegment scratch;
  final KvRows kvRows;
  final SamplingTable sampling;
  final BlockPass blockPass;
  final GrowingBuffer tables = new GrowingBuffer();
  final PageTableWriter pageTables = new PageTableWriter();

  private final int hidden;
  private final int vocabulary;
  private final int maxRows;
  private final int maxLogitRows;
  private final NativeBuffer fixed;
  private final Arena structures;
  private final GrowingBuffer logits = new GrowingBuffer();
  private final GrowingBuffer hiddenState = new GrowingBuffer();
  private final GrowingBuffer recursionState = new GrowingBuffer();
  private long stateBytes;
  private boolean closed;

  NativeWorkspace(
      int maxRows, int hidden, int headDim, int vocabulary, int maxOutputs, long scratchFloats) {
    this.hidden = hidden;
    this.vocabulary = vocabulary;
    this.maxRows = maxRows;
    long logitRows = Math.max(LOGIT_BYTES / Float.BYTES / vocabulary, LEAST_LOGIT_ROWS);
    this.maxLogitRows = Math.clamp(logitRows, 1, Math.max(1, maxRows));
    long row = (long) maxRows * Float.BYTES;
    long[] sizes = {row, row, row, row * maxOutputs, row * headDim, scratchFloats * Float.BYTES};
    long total = 0;
    for (long size : sizes) {
      total += aligned(size);
    }
    this.structures = new CountedArena(MemoryAccount.WORKSPACE);
    try {
      this.kvRows = new KvRows(structures, maxRows);
      this.sampling = new SamplingTable(structures, maxLogitRows);
      this.blockPass = new BlockPass(structures);
      // Last: nothing below fails.
      this.fixed = new NativeBuffer(MemoryAccount.WORKSPACE, total);
    } catch (RuntimeException | Error e) {
      structures.close();
      throw e;
    }
    MemorySegment[] parts = new MemorySegment[sizes.length];
    long offset = 0;
    for (int i = 0; i < sizes.length; i++) {
      parts[i] = fixed.segment().asSlice(offset, sizes[i]);
      offset += aligned(sizes[i]);
    }
    this.ids = parts[0];
    this.stateRow = parts[1];
    this.gates = parts[2];
    this.z = parts[3];
    this.rope = parts[4];
    this.scratch = parts[5];
  }

  private static long aligned(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  /** The states [tokens, H]; recursion states are allocated when they are first asked for. */
  MemorySegment state(State state) {
    return switch (state) {
      case HIDDEN -> hiddenState.reserve(stateBytes);
      case RECURSION -> recursionState.reserve(stateBytes);
    };
  }

  /** Room for the logits [rows, V] of one call. */
  MemorySegment logits(int rows) {
    return logits.reserve((long) rows * vocabulary * Float.BYTES);
  }

  @Override
  public int maxRows() {
    return maxRows;
  }

  @Override
  public int maxLogitRows() {
    return maxLogitRows;
  }

  @Override
  public void reserveTokens(int tokens) {
    stateBytes = Math.multiplyExact((long) tokens * hidden, (long) Float.BYTES);
    hiddenState.reserve(stateBytes);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      fixed.close();
      structures.close();
      tables.close();
      logits.close();
      hiddenState.close();
      recursionState.close();
    }
  }
}
