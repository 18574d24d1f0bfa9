package dev.mor4j.runtime.cache;

import dev.mor4j.runtime.format.ArchitectureConfig;

/**
 * The page pools of a model: one for the layers that all tokens reach, one for the block. Owns
 * both. Any thread.
 */
public final class KvPools implements AutoCloseable {
  private final KvPagePool common;
  private final KvPagePool block;

  public KvPools(KvPlan plan, ArchitectureConfig architecture) {
    common = pool(plan.commonLayers(), architecture);
    block = pool(plan.blockLayers(), architecture);
  }

  private static KvPagePool pool(int layers, ArchitectureConfig architecture) {
    return layers == 0
        ? null
        : new KvPagePool(layers, architecture.kvHeads(), architecture.headDim());
  }

  KvPagePool common() {
    return common;
  }

  KvPagePool block() {
    return block;
  }

  @Override
  public void close() {
    if (common != null) {
      common.close();
    }
    if (block != null) {
      block.close();
    }
  }
}
