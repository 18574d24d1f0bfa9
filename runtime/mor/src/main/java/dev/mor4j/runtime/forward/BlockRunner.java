package dev.mor4j.runtime.forward;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.CachedLayer;
import dev.mor4j.runtime.backend.PreparedLayers;
import dev.mor4j.runtime.backend.RowPass;
import dev.mor4j.runtime.backend.Workspace;
import dev.mor4j.runtime.cache.KvPlan;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.weights.LayerWeights;
import dev.mor4j.runtime.weights.ModelWeights;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes tokens through the shared block, each in the recursion it is at. Recursions whose weights
 * are the same share a pass; where norms or attention are untied, each has its own.
 */
final class BlockRunner {
  private final RowRunner rows;
  private final KvPlan plan;
  private final Workspace.State state;
  private final boolean tokenChoice;

  /** For each recursion the block as it is when all rows of a pass are at that one. */
  private final List<PreparedLayers> blocks = new ArrayList<>();

  /** For each recursion the first one with the same weights. */
  private final int[] sameAs;

  /**
   * For each of those the block when rows of several recursions share a pass: it stores what any of
   * them may store, and the rows say which do.
   */
  private final PreparedLayers[] mixed;

  BlockRunner(ModelWeights weights, Backend backend, RowRunner rows, KvPlan plan) {
    ModelConfig config = weights.config();
    this.rows = rows;
    this.plan = plan;
    this.tokenChoice = config.routing() instanceof RoutingConfig.TokenChoice;
    this.state = tokenChoice ? Workspace.State.RECURSION : Workspace.State.HIDDEN;
    this.sameAs = new int[config.recursions()];
    this.mixed = new PreparedLayers[config.recursions()];
    List<List<LayerWeights>> layers = new ArrayList<>();
    for (int r = 0; r < config.recursions(); r++) {
      layers.add(layers(weights, r));
      blocks.add(prepare(layers.get(r), plan.blockMode(r), backend));
      sameAs[r] = layers.indexOf(layers.get(r));
      // What appends can also only read, and what overlays can do both.
      boolean overlays = plan.blockMode(r) == KvMode.OVERLAY;
      if (sameAs[r] == r || overlays) {
        mixed[sameAs[r]] = blocks.get(r);
      }
    }
  }

  /** For each recursion the block as it is when all rows of a pass are at that one. */
  List<PreparedLayers> blocks() {
    return blocks;
  }

  private static List<LayerWeights> layers(ModelWeights weights, int recursion) {
    ModelConfig config = weights.config();
    int first = config.sharing().uniqueAtEachEnd() + recursion * config.blockLayers();
    List<LayerWeights> layers = new ArrayList<>();
    for (int j = 0; j < config.blockLayers(); j++) {
      layers.add(weights.layer(first + j));
    }
    return layers;
  }

  private PreparedLayers prepare(List<LayerWeights> weights, KvMode mode, Backend backend) {
    List<CachedLayer> layers = new ArrayList<>();
    for (int j = 0; j < weights.size(); j++) {
      layers.add(new CachedLayer(weights.get(j), j, mode));
    }
    return backend.prepare(layers, plan.blockLayers());
  }

  private RowPass.Gating gating(PassBuffers buffers) {
    if (tokenChoice) {
      return RowPass.Gating.REPLACE;
    }
    return buffers.gatesAreDecided ? RowPass.Gating.DECIDED : RowPass.Gating.GIVEN;
  }

  /**
   * Runs {@code list} in as few passes as the weights allow; rows keep their order in each. The
   * first pass takes {@code padding} with it, whose results are dropped, where results are added.
   */
  void run(int[] list, int count, int[] padding, int padded, PassBuffers buffers) {
    int extra = tokenChoice ? 0 : padded;
    int[] recursions = buffers.tokens.recursions;
    int done = 0;
    for (int same = 0; done < count; same++) {
      if (sameAs[same] != same) {
        continue;
      }
      int there = 0;
      int only = -1;
      boolean several = false;
      for (int i = 0; i < count; i++) {
        int recursion = recursions[list[i]];
        if (sameAs[recursion] == same) {
          several |= there > 0 && recursion != only;
          only = recursion;
          buffers.group[there++] = list[i];
        }
      }
      if (there > 0) {
        PreparedLayers layers = several ? mixed[same] : blocks.get(only);
        rows.begin(state, gating(buffers), buffers);
        rows.addPadding(layers, padding, extra, buffers);
        rows.runBlock(layers, plan, buffers.group, there, buffers);
        extra = 0;
        done += there;
      }
    }
  }
}
