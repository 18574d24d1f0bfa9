package dev.mor4j.runtime.cache;

import dev.mor4j.bindings.cpu.KvType;
import dev.mor4j.runtime.format.ArchitectureConfig;

/**
 * The page pools of a model: one for the layers that all tokens reach, one for the block. Owns
 * both. Any thread.
 */
public final class KvPools implements AutoCloseable {
  private final KvPagePool common;
  private final KvPagePool block;

  public KvPools(KvPlan plan, ArchitectureConfig architecture, KvType type) {
    common = pool(plan.commonLayers(), architecture, type);
    block = pool(plan.blockLayers(), architecture, type);
  }

  private static KvPagePool pool(int layers, ArchitectureConfig architecture, KvType type) {
    return layers == 0
        ? null
        : new KvPagePool(
            new KvPageLayout(layers, architecture.kvHeads(), architecture.headDim(), type));
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
