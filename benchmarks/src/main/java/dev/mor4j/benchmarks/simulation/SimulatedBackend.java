package dev.mor4j.benchmarks.simulation;

import dev.mor4j.benchmarks.setup.Texts;
import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.LedBackend;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.PreparedRouter;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.memory.HostPageMemory;
import dev.mor4j.runtime.memory.PageMemory;
import dev.mor4j.runtime.weights.RouterWeights;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Computes nothing and takes its time, on a clock of its own: work on {@code w} weights and {@code
 * n} rows takes {@code w · max(1, n / balance)}, the time to read the weights or to multiply with
 * them, whichever is longer (the roofline model). Routers let tokens go on by chance.
 */
public final class SimulatedBackend implements LedBackend {
  private final double balance;
  private final double blockWeights;
  private final double endWeights;
  private final int blockLayers;
  private final double[] goOn;
  private final SplittableRandom random = new SplittableRandom(Texts.SEED);
  private int routers;
  private double time;

  /**
   * @param balance rows from which multiplying takes longer than reading
   * @param blockWeights of the block
   * @param endWeights of first and last layers and head together
   * @param blockLayers layers of the block, which tell its passes from others
   * @param goOn for each recursion the chance that a token that got there takes it
   */
  SimulatedBackend(
      double balance, double blockWeights, double endWeights, int blockLayers, double[] goOn) {
    this.balance = balance;
    this.blockWeights = blockWeights;
    this.endWeights = endWeights;
    this.blockLayers = blockLayers;
    this.goOn = goOn;
  }

  private record Layers(boolean isBlock) implements PreparedLayers {}

  private record Router(int recursion) implements PreparedRouter {}

  private record Space(int maxRows) implements Workspace {
    @Override
    public int maxLogitRows() {
      return maxRows;
    }

    @Override
    public void reserveTokens(int tokens) {}

    @Override
    public void close() {}
  }

  /** The clock, in nanoseconds that stand for a read of a thousandth of a weight. */
  long now() {
    return (long) (1000 * time);
  }

  private void spend(double weights, int rows) {
    time += weights * Math.max(1, rows / balance);
  }

  @Override
  public String description() {
    return "simulated";
  }

  @Override
  public PreparedLayers prepare(List<CachedLayer> layers, int pageLayers) {
    return new Layers(layers.size() == blockLayers);
  }

  @Override
  public PageMemory pageMemory() {
    return HostPageMemory.INSTANCE;
  }

  @Override
  public PreparedRouter prepare(RouterWeights router) {
    return new Router(routers++);
  }

  @Override
  public Workspace newWorkspace(int maxRows) {
    return new Space(maxRows);
  }

  @Override
  public void reserve(int positions, Workspace workspace) {}

  @Override
  public void embed(Workspace workspace, int[] ids, int[] stateRows, int count) {}

  @Override
  public void run(PreparedLayers layers, RowPass pass, Workspace workspace) {
    boolean block = ((Layers) layers).isBlock();
    // Of the weights at the ends a quarter is in each layer, half in the head.
    spend(block ? blockWeights : endWeights / 4, pass.rows);
  }

  @Override
  public void route(
      PreparedRouter router, int[] stateRows, int count, float[] z, Workspace workspace) {
    for (int i = 0; i < count; i++) {
      z[i] = random.nextDouble() < goOn[((Router) router).recursion()] ? 1 : -1;
    }
  }

  @Override
  public void beginRecursions(int[] stateRows, int count, Workspace workspace) {}

  @Override
  public void endRecursions(int[] stateRows, float[] gates, int count, Workspace workspace) {}

  @Override
  public void logits(
      int[] stateRows, int from, int count, float[] logits, int offset, Workspace workspace) {
    spend(endWeights / 2, count);
  }

  @Override
  public void close() {}
}
