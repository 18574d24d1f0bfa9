package dev.mor4j.cli.soak;

import dev.mor4j.runtime.OffHeapMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/**
 * What the process holds at a moment when no request is on its way.
 *
 * @param seconds since the beginning
 * @param residentBytes that are in memory; -1 where the operating system does not say
 * @param offHeapBytes that this project counts
 * @param heapBytes in use after a collection
 * @param threads of the operating system that Java knows
 * @param descriptors open files and connections; -1 where the operating system does not say
 * @param requests sent until then
 */
record SoakSample(
    double seconds,
    long residentBytes,
    long offHeapBytes,
    long heapBytes,
    int threads,
    long descriptors,
    long requests) {
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  /**
   * Takes a sample after a collection.
   *
   * @param residentBytes of this process
   */
  static SoakSample take(double seconds, long residentBytes, long requests) {
    // Twice: what a cleaner gives back after the first is gone after the second.
    System.gc();
    System.gc();
    return new SoakSample(
        seconds,
        residentBytes,
        OffHeapMemory.totalBytes(),
        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
        ManagementFactory.getThreadMXBean().getThreadCount(),
        openDescriptors(),
        requests);
  }

  private static long openDescriptors() {
    if (!Files.isDirectory(DESCRIPTORS)) {
      return -1;
    }
    try (Stream<Path> open = Files.list(DESCRIPTORS)) {
      return open.count();
    } catch (IOException | UncheckedIOException e) {
      return -1;
    }
  }
}
