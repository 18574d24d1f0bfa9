package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.DecodeStep;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.cache.KvCache;
import dev.mor4j.runtime.cache.KvPlan;
import dev.mor4j.runtime.cache.SequenceCaches;
import dev.mor4j.runtime.kv.KvMode;

/**
 * Runs layers over rows, in passes of as many as the workspace takes, and finds each row its place
 * in the caches of its sequence. Rows of a sequence come in order of position, so a later pass sees
 * what an earlier one has stored.
 */
final class RowRunner {
  private final Backend backend;

  RowRunner(Backend backend) {
    this.backend = backend;
  }

  /**
   * Layers that all tokens take: each row at entry = position of the common cache, the result in
   * place.
   *
   * @param append whether the tokens are new to the cache, or another layer has appended them
   *     before
   */
  void runCommon(
      PreparedLayers layers, int[] rows, int count, boolean append, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    RowPass pass = begin(Workspace.State.HIDDEN, RowPass.Gating.REPLACE, buffers);
    for (int i = 0; i < count; i++) {
      int row = rows[i];
      KvCache cache = tokens.caches[row].common();
      if (append) {
        cache.append(1);
      }
      int position = tokens.positions[row];
      add(pass, row, position, cache, position, position + 1);
      flushWhenFull(layers, buffers);
    }
    flush(layers, buffers);
  }

  /**
   * The block: each row in its recursion. Where the recursion appends, the row writes the next
   * entry of its sequence's cache and attends to all up to it. Where it reads, the row attends to
   * the entries of recursion 0 up to its position. Where it overlays, the row writes the next entry
   * of the overlay and attends to the entries of recursion 0 with those of the overlay over them.
   * Ends a pass that {@link #begin} has begun.
   */
  void runBlock(PreparedLayers layers, KvPlan plan, int[] rows, int count, PassBuffers buffers) {
    TokenBatch tokens = buffers.tokens;
    reserveOverlays(plan, rows, count, tokens);
    RowPass pass = buffers.pass;
    for (int i = 0; i < count; i++) {
      int row = rows[i];
      pass.gates[pass.rows] = tokens.gates[row];
      place(plan, tokens.recursions[row], row, pass, tokens);
      flushWhenFull(layers, buffers);
    }
    flush(layers, buffers);
  }

  /**
   * Gives one token of each of several sequences, in rows 0 .. count-1, a place in every cache that
   * it may reach.
   */
  static void place(KvPlan plan, int count, int maxRecursions, DecodeStep step, TokenBatch tokens) {
    for (int i = 0; i < count; i++) {
      int position = tokens.positions[i];
      SequenceCaches caches = tokens.caches[i];
      if (caches.common() != null) {
        int slot = caches.common().append(1);
        add(step.common, i, position, caches.common(), slot, slot + 1);
      } else {
        add(step.common, i, position, null, -1, 0);
      }
      for (int r = 0; r < Math.min(maxRecursions, step.recursions.length); r++) {
        reserveOverlay(plan, r, i, tokens);
        place(plan, r, i, step.recursions[r], tokens);
      }
    }
  }

  /** Adds a row to a pass, with its place in the caches that it has in {@code recursion}. */
  private static void place(KvPlan plan, int recursion, int row, RowPass pass, TokenBatch tokens) {
    int position = tokens.positions[row];
    SequenceCaches caches = tokens.caches[row];
    switch (plan.blockMode(recursion)) {
      case APPEND -> {
        KvCache cache = caches.recursion(recursion);
        int slot = cache.append(1);
        add(pass, row, position, cache, slot, slot + 1);
      }
      case READ -> add(pass, row, position, caches.recursion(0), -1, position + 1);
      case OVERLAY -> {
        int[] slots = caches.overlaySlots(recursion, position + 1);
        pass.overlay[pass.rows] = caches.recursion(recursion);
        pass.overlaySlots[pass.rows] = slots;
        add(pass, row, position, caches.recursion(0), slots[position], position + 1);
      }
    }
  }

  /** Takes back the places of tokens that went less deep than they might have. */
  static void withdraw(KvPlan plan, int count, int maxRecursions, TokenBatch tokens) {
    for (int r = 0; r < plan.reachableCaches(maxRecursions); r++) {
      for (int i = 0; i < count; i++) {
        if (!plan.stores(r, tokens.depths[i])) {
          SequenceCaches caches = tokens.caches[i];
          caches.recursion(r).truncate(1);
          if (plan.blockMode(r) == KvMode.OVERLAY) {
            caches.removeOverlay(r, tokens.positions[i]);
          }
        }
      }
    }
  }

  /** Gives overlaying rows their entries before any is described: a table that grows moves. */
  private static void reserveOverlays(KvPlan plan, int[] rows, int count, TokenBatch tokens) {
    for (int i = 0; i < count; i++) {
      reserveOverlay(plan, tokens.recursions[rows[i]], rows[i], tokens);
    }
  }

  private static void reserveOverlay(KvPlan plan, int recursion, int row, TokenBatch tokens) {
    if (plan.blockMode(recursion) == KvMode.OVERLAY) {
      int position = tokens.positions[row];
      SequenceCaches caches = tokens.caches[row];
      caches.overlaySlots(recursion, position + 1)[position] =
          caches.recursion(recursion).append(1);
    }
  }

  /** Adds rows that compute like others, store nothing and change nothing: their gates are 0. */
  void addPadding(PreparedLayers layers, int[] rows, int count, PassBuffers buffers) {
    for (int i = 0; i < count; i++) {
      KvCache cache = buffers.tokens.caches[rows[i]].recursion(0);
      if (cache.length() > 0) {
        buffers.pass.gates[buffers.pass.rows] = 0;
        add(buffers.pass, rows[i], buffers.tokens.positions[rows[i]], cache, -1, cache.length());
        flushWhenFull(layers, buffers);
      }
    }
  }

  /** Begins a pass; rows are added to it then. */
  RowPass begin(Workspace.State state, RowPass.Gating gating, PassBuffers buffers) {
    RowPass pass = buffers.pass;
    pass.clear();
    pass.state = state;
    pass.gating = gating;
    return pass;
  }

  private static void add(
      RowPass pass, int stateRow, int position, KvCache cache, int slot, int context) {
    int row = pass.rows++;
    pass.stateRow[row] = stateRow;
    pass.positions[row] = position;
    pass.base[row] = cache;
    pass.slots[row] = slot;
    pass.contexts[row] = context;
  }

  private void flushWhenFull(PreparedLayers layers, PassBuffers buffers) {
    if (buffers.pass.rows == buffers.workspace.maxRows()) {
      flush(layers, buffers);
    }
  }

  private void flush(PreparedLayers layers, PassBuffers buffers) {
    if (buffers.pass.rows > 0) {
      backend.run(layers, buffers.pass, buffers.workspace);
      buffers.pass.clear();
    }
  }
}
