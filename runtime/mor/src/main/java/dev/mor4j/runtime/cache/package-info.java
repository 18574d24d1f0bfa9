/**
 * Recursion-wise KV caches in pages: which caches a sequence has ({@link
 * dev.mor4j.runtime.cache.KvPlan}), the pools that lend their pages, and the pages that sequences
 * with the same beginning share ({@link dev.mor4j.runtime.cache.PrefixCache}). Section 2.2.2 of
 * arXiv 2507.10524.
 */
package dev.mor4j.runtime.cache;
