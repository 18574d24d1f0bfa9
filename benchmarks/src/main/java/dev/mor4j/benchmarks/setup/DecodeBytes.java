package dev.mor4j.benchmarks.setup;

import dev.mor4j.runtime.MorModel;
import dev.mor4j.runtime.cache.KvPlan;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.SafetensorsFile;
import dev.mor4j.runtime.format.StoredTensors;
import dev.mor4j.runtime.format.WeightCost;
import dev.mor4j.runtime.kv.KvPageLayout;
import java.io.IOException;

/**
 * The fewest bytes that decoding must read from memory: weights, as docs/performance.md counts
 * them, and keys and values of the context. States, activations, tables and what is written are
 * left out; the weights of a pass are read once for all of its rows.
 *
 * @param weights bytes of weights by part
 * @param commonEntryBytes keys and values of a token in the cache that all tokens are in
 * @param blockEntryBytes keys and values of a token in the cache of a recursion
 */
public record DecodeBytes(WeightCost weights, long commonEntryBytes, long blockEntryBytes) {
  public static DecodeBytes of(MorModel model) throws IOException {
    KvPlan plan = KvPlan.of(model.config());
    return new DecodeBytes(
        WeightCost.of(
            model.config(),
            StoredTensors.of(
                SafetensorsFile.open(model.folder().resolve("model.safetensors")), model.config())),
        entryBytes(model, plan.commonLayers()),
        entryBytes(model, plan.blockLayers()));
  }

  private static long entryBytes(MorModel model, int layers) {
    ArchitectureConfig sizes = model.config().architecture();
    return layers == 0
        ? 0
        : new KvPageLayout(layers, sizes.kvHeads(), sizes.headDim(), model.kvCacheType())
            .entryBytes();
  }

  /**
   * Keys and values that a token reads on average.
   *
   * @param context tokens before it
   * @param reaching share of the tokens that take part in each recursion, [N]; the token itself and
   *     those before it are taken to be alike
   */
  public double keysAndValues(double context, double[] reaching) {
    double entries = 0;
    for (double share : reaching) {
      entries += share * share;
    }
    return context * (commonEntryBytes + entries * blockEntryBytes);
  }

  /** Weights of passes of the block, and of ways in and out with the head. */
  public double passes(long blocks, long ways) {
    return (double) blocks * weights.blockBytes()
        + (double) ways * (weights.uniqueBytes() + weights.headBytes());
  }
}
