package dev.mor4j.runtime;

import dev.mor4j.runtime.backend.cpu.CpuProbe;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
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
  private final CpuProbe probe;

  private MachineProbe(CpuProbe probe) {
    this.probe = probe;
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
    Objects.requireNonNull(options, "options");
    return BackendSelection.bestKernels()
        .map(
            best ->
                new MachineProbe(
                    CpuProbe.open(
                        BackendSelection.kernels(options.kernels()).orElse(best),
                        BackendSelection.threads(options),
                        options.spinMicroseconds(),
                        bytes)));
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
      peaks.put(type, rate(() -> probe.measurePeak(type.weights()), repeats));
    }
    return new MachineSpeed(
        BackendSelection.choice(probe.kernels()),
        probe.threads(),
        peaks,
        probe.bytes(),
        rate(probe::measureBandwidthOfOneThread, repeats),
        MeasuredRate.of(bandwidths(repeats)));
  }

  /** Bytes a second that all threads together read from memory, {@code repeats} times. */
  double[] bandwidths(int repeats) {
    return measure(probe::measureBandwidth, repeats);
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

  /** Waits for a running measurement. */
  @Override
  public void close() {
    probe.close();
  }
}
