/**
 * The public API: open a {@link dev.mor4j.runtime.MorModel}, make a {@link
 * dev.mor4j.runtime.MorSession}, generate; or a {@link dev.mor4j.runtime.MorEngine}, which serves
 * many requests at the same time.
 *
 * <p>Shape alphabet of the documentation: T tokens, S cached positions, H hidden, NH query heads,
 * NKV key/value heads, DH head size, F feed-forward, V vocabulary, N recursions, L unrolled layers,
 * b layers of the shared block.
 */
package dev.mor4j.runtime;
