package dev.mor4j.runtime;

import dev.mor4j.bindings.cpu.CpuContext;
import dev.mor4j.bindings.cpu.CpuLibrary;
import dev.mor4j.bindings.cpu.Isa;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.memory.NativeBuffer;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * Measures what the kernels could reach on this machine: multiply-adds on registers, and reading
 * memory. What a model reaches is to be held against these; see {@link ModelSpeed}.
 *
 * <p>Owns threads, and the memory that is read, counted as {@link OffHeapMemory.Use#MEASUREMENT}.
 * {@link #close()} gives them back and may be called again; measuring after that is an {@link
 * IllegalStateException}. One thread at a time.
 */
public final class MachineProbe implements AutoCloseable {
  private final CpuContext allThreads;
  private final CpuContext oneThread;
  private final NativeBuffer data;

  private MachineProbe(CpuContext allThreads, CpuContext oneThread, NativeBuffer data) {
    this.allThreads = allThreads;
    this.oneThread = oneThread;
    this.data = data;
  }

  /**
   * A probe of the kernels and threads that models opened with {@code options} use; for plain Java
   * of the best native ones. The caller closes it. Empty where there is no native library.
   *
   * @param bytes size of the memory that is read, rounded up to a multiple of 64; to be larger than
   *     the caches of the CPU
   * @throws IllegalArgumentException when this machine cannot run the kernels asked for
   */
  public static Optional<MachineProbe> open(ModelOptions options, long bytes) {
    if (!CpuLibrary.instance().isAvailable()) {
      return Optional.empty();
    }
    Isa isa = BackendSelection.isa(options.kernels()).orElse(CpuLibrary.instance().bestIsa());
    CpuContext all = BackendSelection.context(isa, BackendSelection.threads(options));
    CpuContext one = null;
    NativeBuffer data = null;
    try {
      one = BackendSelection.context(isa, 1);
      data = new NativeBuffer(MemoryAccount.MEASUREMENT, Math.ceilDiv(bytes, 64) * 64);
      // Pages that were never written to may all be one page of zeros, which a cache holds.
      data.segment().fill((byte) 1);
      return Optional.of(new MachineProbe(all, one, data));
    } catch (RuntimeException | OutOfMemoryError e) {
      close(data, one, all);
      throw e;
    }
  }

  /**
   * Measures everything, each {@code repeats} times; the peaks with all threads, the bandwidth with
   * one thread as well.
   *
   * @param repeats 1 or more
   */
  public MachineSpeed measure(int repeats) {
    if (repeats < 1) {
      throw new IllegalArgumentException("repeats is " + repeats + ", expected 1 or more");
    }
    Map<ProductType, MeasuredRate> peaks = new EnumMap<>(ProductType.class);
    for (ProductType type : ProductType.values()) {
      peaks.put(type, rate(() -> allThreads.measurePeak(type.weights(), 1), repeats));
    }
    return new MachineSpeed(
        BackendSelection.choice(allThreads.isa()),
        allThreads.threads(),
        peaks,
        data.byteSize(),
        rate(() -> oneThread.measureBandwidth(data.segment(), 1), repeats),
        MeasuredRate.of(bandwidths(repeats)));
  }

  /** Bytes a second that all threads together read from memory, {@code repeats} times. */
  double[] bandwidths(int repeats) {
    return measure(() -> allThreads.measureBandwidth(data.segment(), 1), repeats);
  }

  private static double[] measure(DoubleSupplier once, int repeats) {
    double[] rates = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      rates[i] = once.getAsDouble();
    }
    return rates;
  }

  private static MeasuredRate rate(DoubleSupplier once, int repeats) {
    return MeasuredRate.of(measure(once, repeats));
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
