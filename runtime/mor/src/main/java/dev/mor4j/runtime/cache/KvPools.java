package dev.mor4j.runtime.cache;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.kv.KvPageLayout;
import dev.mor4j.runtime.memory.PageMemory;
import dev.mor4j.runtime.numbers.KvCacheType;

/**
 * The page pools of a model: one for the layers that all tokens reach, one for the block. Owns
 * both. Any thread.
 */
public final class KvPools implements AutoCloseable {
  private final KvPagePool common;
  private final KvPagePool block;

  /**
   * @param memory what pages are made of; borrowed
   */
  public KvPools(
      KvPlan plan, ArchitectureConfig architecture, KvCacheType type, PageMemory memory) {
    common = pool(plan.commonLayers(), architecture, type, memory);
    block = pool(plan.blockLayers(), architecture, type, memory);
  }

  private static KvPagePool pool(
      int layers, ArchitectureConfig architecture, KvCacheType type, PageMemory memory) {
    return layers == 0
        ? null
        : new KvPagePool(
            new KvPageLayout(layers, architecture.kvHeads(), architecture.headDim(), type), memory);
  }

  KvPagePool common() {
    return common;
  }

  KvPagePool block() {
    return block;
  }

  /** Bytes of the pages lent, each counted once however many share it. */
  public long lentBytes() {
    return (common == null ? 0 : common.lentBytes()) + (block == null ? 0 : block.lentBytes());
  }

  /** Bytes of the pages that only a {@link PrefixCache} holds. */
  public long keptBytes() {
    return (common == null ? 0 : common.keptBytes()) + (block == null ? 0 : block.keptBytes());
  }

  /**
   * Bytes of the pages of a sequence of {@code tokens} tokens that all take {@code maxRecursions}
   * recursions.
   */
  public long worstCaseBytes(KvPlan plan, int tokens, int maxRecursions) {
    long pages = Math.ceilDiv(tokens, KvPageLayout.PAGE_TOKENS);
    long bytes = common == null ? 0 : pages * common.pageBytes();
    return block == null
        ? bytes
        : bytes + pages * plan.reachableCaches(maxRecursions) * block.pageBytes();
  }

  /**
   * Closes them whatever is lent: only where those who borrowed pages use them no more and have
   * lost count, by an error.
   */
  public void revoke() {
    try {
      if (common != null) {
        common.revoke();
      }
    } finally {
      if (block != null) {
        block.revoke();
      }
    }
  }

  /** Frees all memory. @throws IllegalStateException while pages are lent */
  @Override
  public void close() {
    try {
      if (common != null) {
        common.close();
      }
    } finally {
      if (block != null) {
        block.close();
      }
    }
  }
}
