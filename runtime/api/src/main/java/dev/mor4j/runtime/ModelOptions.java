package dev.mor4j.runtime;

import dev.mor4j.runtime.numbers.KvCacheType;
import java.util.Objects;

/**
 * How a model is opened.
 *
 * @param backend where it is computed
 * @param device on which GPU, and how; for {@link BackendChoice#CUDA}
 * @param kernels what computes on the CPU
 * @param threads threads of a pass, the caller's among them; 0 for as many as the JVM has
 *     processors, at most 16
 * @param passRows most tokens of one pass: prompts are taken in pieces of this size, and a
 *     workspace has room for as many
 * @param kvCache number type of the keys and values that sessions keep
 */
public record ModelOptions(
    BackendChoice backend,
    DeviceOptions device,
    KernelChoice kernels,
    int threads,
    int passRows,
    KvCacheType kvCache) {
  /** The CPU, the best kernels, all processors, passes of up to 128 tokens, float32 caches. */
  public static ModelOptions defaults() {
    return new ModelOptions(
        BackendChoice.CPU, DeviceOptions.defaults(), KernelChoice.AUTO, 0, 128, KvCacheType.F32);
  }

  public ModelOptions {
    Objects.requireNonNull(backend, "backend");
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(kernels, "kernels");
    Objects.requireNonNull(kvCache, "kvCache");
    if (threads < 0 || threads > 256) {
      throw new IllegalArgumentException("threads is " + threads + ", expected 0 to 256");
    }
    if (passRows < 1 || passRows > 4096) {
      throw new IllegalArgumentException("passRows is " + passRows + ", expected 1 to 4096");
    }
  }

  public ModelOptions withBackend(BackendChoice value) {
    return new ModelOptions(value, device, kernels, threads, passRows, kvCache);
  }

  public ModelOptions withDevice(DeviceOptions value) {
    return new ModelOptions(backend, value, kernels, threads, passRows, kvCache);
  }

  public ModelOptions withKernels(KernelChoice value) {
    return new ModelOptions(backend, device, value, threads, passRows, kvCache);
  }

  public ModelOptions withThreads(int value) {
    return new ModelOptions(backend, device, kernels, value, passRows, kvCache);
  }

  public ModelOptions withPassRows(int value) {
    return new ModelOptions(backend, device, kernels, threads, value, kvCache);
  }

  public ModelOptions withKvCache(KvCacheType value) {
    return new ModelOptions(backend, device, kernels, threads, passRows, value);
  }
}
