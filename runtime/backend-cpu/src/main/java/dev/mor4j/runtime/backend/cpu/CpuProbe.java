package dev.mor4j.runtime.backend.cpu;

import dev.mor4j.bindings.cpu.CpuContext;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.memory.NativeBuffer;
import dev.mor4j.runtime.numbers.WeightType;

/**
 * Measures what native kernels could reach on this machine: multiply-adds on registers, and reading
 * memory.
 *
 * <p>Owns threads, and the memory that is read, counted as {@link MemoryAccount#MEASUREMENT}.
 * {@link #close()} gives them back and may be called again; measuring after that is an {@link
 * IllegalStateException}. One thread at a time.
 */
public final class CpuProbe implements AutoCloseable {
  private final CpuContext allThreads;
  private final CpuContext oneThread;
  private final NativeBuffer data;

  private CpuProbe(CpuContext allThreads, CpuContext oneThread, NativeBuffer data) {
    this.allThreads = allThreads;
    this.oneThread = oneThread;
    this.data = data;
  }

  /**
   * A probe. The caller closes it.
   *
   * @param kernels label of the kernels; see {@link CpuMachine#kernels()}
   * @param threads threads in all
   * @param spinMicroseconds how long threads wait awake for the next measurement before they sleep
   * @param bytes size of the memory that is read, rounded up to a multiple of 64; to be larger than
   *     the caches of the CPU
   * @throws IllegalStateException when there is no library
   * @throws IllegalArgumentException when this machine cannot run the kernels
   */
  public static CpuProbe open(String kernels, int threads, int spinMicroseconds, long bytes) {
    CpuContext all = CpuMachine.context(kernels, threads, spinMicroseconds);
    CpuContext one = null;
    NativeBuffer data = null;
    try {
      one = CpuMachine.context(kernels, 1, spinMicroseconds);
      data = new NativeBuffer(MemoryAccount.MEASUREMENT, Math.ceilDiv(bytes, 64) * 64);
      // Pages that were never written to may all be one page of zeros, which a cache holds.
      data.segment().fill((byte) 1);
      return new CpuProbe(all, one, data);
    } catch (RuntimeException | Error e) {
      close(data, one, all);
      throw e;
    }
  }

  /** The label of the kernels. */
  public String kernels() {
    return allThreads.isa().label();
  }

  /** Threads in all. */
  public int threads() {
    return allThreads.threads();
  }

  /** Bytes of the memory that is read. */
  public long bytes() {
    return data.byteSize();
  }

  /**
   * Operations a second (a multiply-add is two) of the instructions that products with weights of
   * {@code type} are made of, all threads together.
   */
  public double measurePeak(WeightType type) {
    return allThreads.measurePeak(type, 1);
  }

  /** Bytes a second that all threads together read from memory. */
  public double measureBandwidth() {
    return allThreads.measureBandwidth(data.segment(), 1);
  }

  /** Bytes a second that one thread reads from memory. */
  public double measureBandwidthOfOneThread() {
    return oneThread.measureBandwidth(data.segment(), 1);
  }

  /** Waits for a running measurement; the memory goes last, for contexts read it. */
  @Override
  public void close() {
    close(data, oneThread, allThreads);
  }

  private static void close(NativeBuffer data, CpuContext one, CpuContext all) {
    all.close();
    if (one != null) {
      one.close();
    }
    if (data != null) {
      data.close();
    }
  }
}
