package dev.mor4j.runtime;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * What kernels could reach on this machine; see {@link MachineProbe}.
 *
 * @param kernels that were measured
 * @param threads all of them
 * @param peaks operations a second of all threads, for each number type of products
 * @param memoryBytes size of the memory that was read
 * @param oneThread bytes a second that one thread reads from memory
 * @param allThreads bytes a second that all threads together read from memory
 */
public record MachineSpeed(
    KernelChoice kernels,
    int threads,
    Map<ProductType, MeasuredRate> peaks,
    long memoryBytes,
    MeasuredRate oneThread,
    MeasuredRate allThreads) {
  public MachineSpeed {
    peaks = Collections.unmodifiableMap(new EnumMap<>(peaks));
  }
}
