package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.kernel.CudaKernels;
import dev.mor4j.bindings.cuda.kernel.CudaKvType;
import dev.mor4j.bindings.cuda.kernel.CudaType;
import dev.mor4j.bindings.cuda.kernel.DeviceCache;
import dev.mor4j.runtime.format.ArchitectureConfig;

/**
 * Sizes of a model on a device.
 *
 * @param type number type of activations between the operations
 * @param kvType number type of the caches
 * @param inner hidden layer of the routers; 0 for linear ones
 * @param outs outputs of a router; 0 without one
 */
record DeviceShape(
    ArchitectureConfig sizes, CudaType type, CudaKvType kvType, int inner, int outs) {
  DeviceShape {
    if (sizes.headDim() > CudaKernels.MAX_HEAD_DIM) {
      throw new IllegalArgumentException(
          "head_dim is "
              + sizes.headDim()
              + ", the CUDA kernels take at most "
              + CudaKernels.MAX_HEAD_DIM);
    }
    if (outs > CudaKernels.MAX_OUTPUTS) {
      throw new IllegalArgumentException(
          outs + " recursions, the CUDA kernels take at most " + CudaKernels.MAX_OUTPUTS);
    }
  }

  int hidden() {
    return sizes.hidden();
  }

  /** Sizes of attention. */
  DeviceCache.Heads heads() {
    return new DeviceCache.Heads(sizes.heads(), sizes.kvHeads(), sizes.headDim());
  }

  /** NH · DH. */
  int queries() {
    return sizes.heads() * sizes.headDim();
  }

  /** (NH + 2 NKV) · DH. */
  int qkv() {
    return (sizes.heads() + 2 * sizes.kvHeads()) * sizes.headDim();
  }

  int intermediate() {
    return sizes.intermediate();
  }
}
