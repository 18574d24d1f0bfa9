package dev.mor4j.runtime;

import dev.mor4j.runtime.numbers.KvCacheType;

/**
 * What the KV caches of a session hold.
 *
 * @param tokens tokens of the session that were computed
 * @param entries keys and values stored: Σ over layers of the tokens that each caches
 *     (docs/forward-pass.md, section 8, invariant 3)
 * @param usedBytes bytes of those entries: {@code entries · 2 · NKV} times DH numbers of the
 *     cache's {@link KvCacheType}
 * @param heldBytes bytes of the pages that hold them, with the unused rest of the last page of each
 *     cache
 * @param vanillaBytes what a model of as many layers without routing or sharing would use: {@code
 *     tokens · L · 2 · NKV} times as many numbers of that type
 */
public record KvStatistics(
    int tokens, long entries, long usedBytes, long heldBytes, long vanillaBytes) {}
