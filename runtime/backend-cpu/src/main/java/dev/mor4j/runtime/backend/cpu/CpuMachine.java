package dev.mor4j.runtime.backend.cpu;

import dev.mor4j.bindings.cpu.CpuContext;
import dev.mor4j.bindings.cpu.CpuFeature;
import dev.mor4j.bindings.cpu.CpuLibrary;
import dev.mor4j.bindings.cpu.Isa;
import dev.mor4j.bindings.cpu.MappedFileGuard;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.weights.FaultGuard;
import dev.mor4j.runtime.weights.ModelWeights;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the native kernels are on this machine. Kernels and CPU features are named by the labels
 * that command lines and reports use, such as {@code avx512-vnni}. The first question loads the
 * library. Any thread.
 */
public final class CpuMachine {
  private CpuMachine() {}

  /** Whether the native kernels can be called. */
  public static boolean isAvailable() {
    return CpuLibrary.instance().isAvailable();
  }

  /** Which library was loaded; or, where none was, everything that was tried and why it failed. */
  public static String description() {
    return CpuLibrary.instance().description();
  }

  /**
   * What a system property or environment variable says of the library, if one of them says
   * something: a file, or {@code none}.
   */
  public static Optional<String> namedLibrary() {
    return CpuLibrary.named();
  }

  /** Whether the JVM was told that mor4j may make native calls. */
  public static boolean isNativeAccessEnabled() {
    return CpuLibrary.isNativeAccessEnabled();
  }

  /**
   * Labels of what the CPU and its operating system offer, as far as mor4j asks; empty without a
   * library.
   */
  public static Set<String> features() {
    return isAvailable()
        ? CpuLibrary.instance().features().stream()
            .map(CpuFeature::label)
            .collect(Collectors.toUnmodifiableSet())
        : Set.of();
  }

  /**
   * Labels of the kernels that run here, from the least to the most able; empty without a library.
   */
  public static List<String> kernels() {
    return isAvailable()
        ? Stream.of(Isa.values())
            .filter(isa -> isa.compareTo(CpuLibrary.instance().bestIsa()) <= 0)
            .map(Isa::label)
            .toList()
        : List.of();
  }

  /**
   * Native kernels for a model. The caller closes them before the weights.
   *
   * @param kernels a label
   * @param threads threads in all, the caller's among them
   * @param spinMicroseconds how long threads wait awake for the next pass before they sleep
   * @param weights borrowed; must outlive what is returned
   * @param kvType number type of the caches that passes will have
   * @throws IllegalStateException when there is no library
   * @throws IllegalArgumentException when this machine cannot run the kernels
   */
  public static NativeBackend open(
      String kernels, int threads, int spinMicroseconds, ModelWeights weights, KvCacheType kvType) {
    CpuContext context = context(kernels, threads, spinMicroseconds);
    try {
      return new NativeBackend(context, weights, kvType);
    } catch (RuntimeException | Error e) {
      context.close();
      throw e;
    }
  }

  /**
   * What makes faults in mapped weight files harmless; {@link FaultGuard#NONE} without a library.
   */
  public static FaultGuard fileGuard() {
    return MappedFileGuard.instance();
  }

  /** A context; the caller closes it. */
  static CpuContext context(String kernels, int threads, int spinMicroseconds) {
    return new CpuContext(Isa.ofLabel(kernels), threads, spinMicroseconds);
  }
}
