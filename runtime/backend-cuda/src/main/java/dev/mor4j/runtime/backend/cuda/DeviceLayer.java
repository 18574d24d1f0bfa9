package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.kernel.DeviceCache;
import dev.mor4j.bindings.cuda.kernel.DeviceMatrix;

/**
 * A decoder layer in device memory; borrowed.
 *
 * @param inputNorm float32 [H]
 * @param qkv queries, keys and values one below the other; a layer that only reads has queries
 *     alone
 * @param o [H, NH·DH]
 * @param postNorm float32 [H]
 * @param gateUp gate above up, [2F, H]
 * @param down [H, F]
 * @param place its place in a page, and what it does with keys and values
 */
record DeviceLayer(
    DeviceView inputNorm,
    DeviceMatrix qkv,
    DeviceMatrix o,
    DeviceView postNorm,
    DeviceMatrix gateUp,
    DeviceMatrix down,
    DeviceCache.Place place) {}
