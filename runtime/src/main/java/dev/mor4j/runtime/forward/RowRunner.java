package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.cache.KvCache;
import dev.mor4j.runtime.cache.SequenceCaches;

/**
 * Runs layers over the active rows of a call, in passes of as many rows as the workspace takes, and
 * finds each row its place in the caches of its sequence. Rows of a sequence come in order of
 * position, so a later pass sees what an earlier one has stored.
 */
final class RowRunner {
  private final Backend backend;

  RowRunner(Backend backend) {
    this.backend = backend;
  }

  /**
   * Unique layers: all tokens of the call, each at entry = position, the result in place.
   *
   * @param append whether the tokens are new to the common cache, or another layer has appended
   *     them before
   */
  void runAll(PreparedLayers layers, boolean append, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    RowPass pass = begin(buffers, Workspace.State.HIDDEN, false);
    for (int i = 0; i < tokens.count; i++) {
      KvCache cache = tokens.caches[i].common();
      if (append) {
        cache.append(1);
      }
      int row = add(pass, i, tokens.positions[i], cache);
      pass.slots[row] = tokens.positions[i];
      pass.contexts[row] = tokens.positions[i] + 1;
      flushWhenFull(layers, buffers);
    }
    flush(layers, buffers);
  }

  /**
   * Each of the {@code count} active rows writes the next entry of its sequence's cache of {@code
   * recursion} and attends to all up to it.
   */
  void runAppending(
      PreparedLayers layers,
      int count,
      int recursion,
      Workspace.State state,
      boolean addGated,
      PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    RowPass pass = begin(buffers, state, addGated);
    for (int i = 0; i < count; i++) {
      int token = buffers.active[i];
      KvCache cache = tokens.caches[token].recursion(recursion);
      int slot = cache.append(1);
      int row = add(pass, token, tokens.positions[token], cache);
      pass.gates[row] = buffers.gates[i];
      pass.slots[row] = slot;
      pass.contexts[row] = slot + 1;
      flushWhenFull(layers, buffers);
    }
    flush(layers, buffers);
  }

  /**
   * Each of the {@code count} active rows attends to the entries of its sequence's cache of
   * recursion 0 up to its position.
   */
  void runReading(
      PreparedLayers layers,
      int count,
      Workspace.State state,
      boolean addGated,
      PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    RowPass pass = begin(buffers, state, addGated);
    for (int i = 0; i < count; i++) {
      int token = buffers.active[i];
      int row = add(pass, token, tokens.positions[token], tokens.caches[token].recursion(0));
      pass.gates[row] = buffers.gates[i];
      pass.slots[row] = -1;
      pass.contexts[row] = tokens.positions[token] + 1;
      flushWhenFull(layers, buffers);
    }
    flush(layers, buffers);
  }

  /**
   * Each of the {@code count} active rows writes the next entry of its sequence's overlay of {@code
   * recursion} and attends to the entries of recursion 0 up to its position, with those of the
   * overlay over them.
   */
  void runOverlaying(PreparedLayers layers, int count, int recursion, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    // All slots first: a table that grows is another array.
    for (int i = 0; i < count; i++) {
      int token = buffers.active[i];
      SequenceCaches caches = tokens.caches[token];
      int position = tokens.positions[token];
      caches.overlaySlots(recursion, position + 1)[position] =
          caches.recursion(recursion).append(1);
    }
    RowPass pass = begin(buffers, Workspace.State.HIDDEN, true);
    for (int i = 0; i < count; i++) {
      int token = buffers.active[i];
      SequenceCaches caches = tokens.caches[token];
      int position = tokens.positions[token];
      int[] overlaySlots = caches.overlaySlots(recursion, position + 1);
      int row = add(pass, token, position, caches.recursion(0));
      pass.gates[row] = buffers.gates[i];
      pass.overlay[row] = caches.recursion(recursion);
      pass.overlaySlots[row] = overlaySlots;
      pass.slots[row] = overlaySlots[position];
      pass.contexts[row] = position + 1;
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
