package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.LedBackend;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.memory.PageMemory;
import dev.mor4j.runtime.weights.RouterWeights;
import java.util.ArrayList;
import java.util.List;

/** Computes by another backend, and notes the rows of each pass over layers. One thread. */
final class CountingBackend implements LedBackend {
  private final Backend computing;
  private final List<Integer> passes = new ArrayList<>();

  /**
   * @param computing a backend that is led; owned, closed with this
   */
  CountingBackend(LedBackend computing) {
    this.computing = computing;
  }

  /** The rows of each pass so far, in order. */
  List<Integer> passes() {
    return List.copyOf(passes);
  }

  @Override
  public String description() {
    return computing.description() + ", counted";
  }

  @Override
  public PreparedLayers prepare(List<CachedLayer> layers, int pageLayers) {
    return computing.prepare(layers, pageLayers);
  }

  @Override
  public PageMemory pageMemory() {
    return computing.pageMemory();
  }

  @Override
  public PreparedRouter prepare(RouterWeights router) {
    return computing.prepare(router);
  }

  @Override
  public Workspace newWorkspace(int maxRows) {
    return computing.newWorkspace(maxRows);
  }

  @Override
  public void reserve(int positions, Workspace workspace) {
    computing.reserve(positions, workspace);
  }

  @Override
  public void embed(Workspace workspace, int[] ids, int[] stateRows, int count) {
    computing.embed(workspace, ids, stateRows, count);
  }

  @Override
  public void run(PreparedLayers layers, RowPass pass, Workspace workspace) {
    passes.add(pass.rows);
    computing.run(layers, pass, workspace);
  }

  @Override
  public void route(
      PreparedRouter router, int[] stateRows, int count, float[] z, Workspace workspace) {
    computing.route(router, stateRows, count, z, workspace);
  }

  @Override
  public void beginRecursions(int[] stateRows, int count, Workspace workspace) {
    computing.beginRecursions(stateRows, count, workspace);
  }

  @Override
  public void endRecursions(int[] stateRows, float[] gates, int count, Workspace workspace) {
    computing.endRecursions(stateRows, gates, count, workspace);
  }

  @Override
  public void logits(
      int[] stateRows, int from, int count, float[] logits, int offset, Workspace workspace) {
    computing.logits(stateRows, from, count, logits, offset, workspace);
  }

  @Override
  public void close() {
    computing.close();
  }
}
