package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.cache.KvCache;

/**
 * Runs layers over the active rows of a call, in passes of as many rows as the workspace takes, and
 * finds each row its place in the cache. Rows come in order of position, so a later pass sees what
 * an earlier one has stored.
 */
final class RowRunner {
  private final Backend backend;

  RowRunner(Backend backend) {
    this.backend = backend;
  }

  /**
   * Unique layers: rows {@code 0 .. count-1}, each at entry = position, the result in place.
   *
   * @param append whether the tokens are new to the cache, or another layer has appended them
   *     before
   */
  void runAll(
      PreparedLayers layers,
      int count,
      int position,
      KvCache cache,
      boolean append,
      PassBuffers buffers) {
    if (append) {
      cache.append(count);
    }
    RowPass pass = begin(buffers, Workspace.State.HIDDEN, false);
    for (int i = 0; i < count; i++) {
      int row = add(pass, i, position + i, cache);
      pass.slots[row] = position + i;
      pass.contexts[row] = position + i + 1;
      flushWhenFull(layers, buffers);
    }
    flush(layers, buffers);
  }

  /**
   * Each of the {@code count} active rows writes the next entry of {@code cache} and attends to all
   * up to it.
   */
  void runAppending(
      PreparedLayers layers,
      int count,
      int position,
      KvCache cache,
      Workspace.State state,
      boolean addGated,
      PassBuffers buffers) {
    int slot = cache.append(count);
    RowPass pass = begin(buffers, state, addGated);
    for (int i = 0; i < count; i++) {
      int row = add(pass, buffers.active[i], position + buffers.active[i], cache);
      pass.gates[row] = buffers.gates[i];
      pass.slots[row] = slot + i;
      pass.contexts[row] = slot + i + 1;
      flushWhenFull(layers, buffers);
    }
    flush(layers, buffers);
  }

  /**
   * Each of the {@code count} active rows attends to the entries of {@code cache} up to its
   * position.
   */
  void runReading(
      PreparedLayers layers,
      int count,
      int position,
      KvCache cache,
      Workspace.State state,
      boolean addGated,
      PassBuffers buffers) {
    RowPass pass = begin(buffers, state, addGated);
    for (int i = 0; i < count; i++) {
      int at = position + buffers.active[i];
      int row = add(pass, buffers.active[i], at, cache);
      pass.gates[row] = buffers.gates[i];
      pass.slots[row] = -1;
      pass.contexts[row] = at + 1;
      flushWhenFull(layers, buffers);
    }
    flush(layers, buffers);
  }

  /**
   * Each of the {@code count} active rows writes the next entry of {@code overlay} and attends to
   * the entries of {@code base} up to its position, with those of the overlay over them.
   */
  void runOverlaying(
      PreparedLayers layers,
      int count,
      int position,
      KvCache base,
      KvCache overlay,
      int[] overlaySlots,
      PassBuffers buffers) {
    int slot = overlay.append(count);
    for (int i = 0; i < count; i++) {
      overlaySlots[position + buffers.active[i]] = slot + i;
    }
    RowPass pass = begin(buffers, Workspace.State.HIDDEN, true);
    for (int i = 0; i < count; i++) {
      int at = position + buffers.active[i];
      int row = add(pass, buffers.active[i], at, base);
      pass.gates[row] = buffers.gates[i];
      pass.overlay[row] = overlay;
      pass.overlaySlots[row] = overlaySlots;
      pass.slots[row] = slot + i;
      pass.contexts[row] = at + 1;
      flushWhenFull(layers, buffers);
    }
    flush(layers, buffers);
  }

  private static RowPass begin(PassBuffers buffers, Workspace.State state, boolean addGated) {
    RowPass pass = buffers.pass;
    pass.rows = 0;
    pass.state = state;
    pass.addGated = addGated;
    return pass;
  }

  private static int add(RowPass pass, int stateRow, int position, KvCache cache) {
    int row = pass.rows++;
    pass.stateRow[row] = stateRow;
    pass.positions[row] = position;
    pass.base[row] = cache;
    return row;
  }

  private void flushWhenFull(PreparedLayers layers, PassBuffers buffers) {
    if (buffers.pass.rows == buffers.workspace.maxRows()) {
      flush(layers, buffers);
    }
  }

  private void flush(PreparedLayers layers, PassBuffers buffers) {
    if (buffers.pass.rows > 0) {
      backend.run(layers, buffers.pass, buffers.workspace);
      buffers.pass.rows = 0;
    }
  }
}
