package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaKvMode;
import dev.mor4j.bindings.cuda.DeviceMatrix;

/**
 * A decoder layer in device memory.
 *
 * @param inputNorm address of float32 [H]
 * @param qkv queries, keys and values one below the other; a layer that only reads has queries
 *     alone
 * @param o [H, NH·DH]
 * @param postNorm address of float32 [H]
 * @param gateUp gate above up, [2F, H]
 * @param down [H, F]
 * @param kvLayer its place in a page
 * @param kvMode what it does with keys and values
 */
record DeviceLayer(
    long inputNorm,
    DeviceMatrix qkv,
    DeviceMatrix o,
    long postNorm,
    DeviceMatrix gateUp,
    DeviceMatrix down,
    int kvLayer,
    CudaKvMode kvMode) {}
