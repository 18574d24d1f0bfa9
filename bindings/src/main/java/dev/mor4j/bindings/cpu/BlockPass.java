package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;
import dev.mor4j.bindings.generated.mor4j_block_pass;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One pass of some layers over some rows: {@code mor4j_block_pass}, filled anew for each pass.
 * Lives in the arena it was made in; one thread at a time.
 */
public final class BlockPass {
  private final MemorySegment pass;

  public BlockPass(Arena arena) {
    pass = mor4j_block_pass.allocate(arena);
  }

  /** Names the layers of the pass. */
  public BlockPass layers(LayerTable table) {
    mor4j_block_pass.shape(pass, table.shape());
    mor4j_block_pass.layers(pass, table.layers());
    mor4j_block_pass.layer_count(pass, table.count());
    mor4j_block_pass.page_layers(pass, table.pageLayers());
    mor4j_block_pass.overlay_layers(pass, table.overlayLayers());
    return this;
  }

  /**
   * Names the rows of the pass.
   *
   * @param x hidden states [≥ rows, H], read and written
   * @param rowIndex int32 [rows], distinct rows of {@code x}; {@link MemorySegment#NULL} for the
   *     first ones
   * @param rows T
   * @param rope float32 [T, DH], cosines then sines of each row's position
   * @param kv where each row finds its cache
   */
  public BlockPass rows(
      MemorySegment x, MemorySegment rowIndex, int rows, MemorySegment rope, KvRows kv) {
    mor4j_block_pass.x(pass, x);
    mor4j_block_pass.row_index(pass, rowIndex);
    mor4j_block_pass.rows(pass, rows);
    mor4j_block_pass.rope(pass, rope);
    mor4j_block_pass.kv(pass, kv.segment());
    return this;
  }

  /** The result takes the place of the rows of {@code x}. */
  public BlockPass replace() {
    mor4j_block_pass.combine(pass, Mor4jNative.MOR4J_REPLACE());
    mor4j_block_pass.gates(pass, MemorySegment.NULL);
    return this;
  }

  /** The result, times float32 {@code gates} [T], is added to the rows of {@code x}. */
  public BlockPass addGated(MemorySegment gates) {
    mor4j_block_pass.combine(pass, Mor4jNative.MOR4J_ADD());
    mor4j_block_pass.gates(pass, gates);
    return this;
  }

  /**
   * Names the scratch memory: at least {@link CpuContext#blockWorkspaceFloats} floats, 64-byte
   * aligned.
   */
  public BlockPass workspace(MemorySegment workspace) {
    mor4j_block_pass.workspace(pass, workspace);
    mor4j_block_pass.workspace_floats(pass, workspace.byteSize() / Float.BYTES);
    return this;
  }

  MemorySegment segment() {
    return pass;
  }
}
