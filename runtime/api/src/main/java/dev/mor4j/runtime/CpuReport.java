package dev.mor4j.runtime;

import dev.mor4j.runtime.backend.cpu.CpuMachine;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * What computes on this machine, and what could.
 *
 * @param libraryAvailable whether the native kernels can be called
 * @param library which library was loaded; or, where none was, what was tried and why it failed
 * @param namedLibrary what a system property or environment variable says of the library: a file,
 *     or {@code none}
 * @param nativeAccess whether the JVM was told that mor4j may make native calls
 * @param features what the CPU and its operating system offer, as far as mor4j asks; empty without
 *     a library
 * @param runnable the kernels that run here, plain Java among them
 * @param automatic the kernels that {@link KernelChoice#AUTO} picks
 * @param kernels the kernels in use
 * @param processors processors that the JVM sees
 * @param threads threads in use
 * @param mostDefaultThreads more threads are used only where they are asked for
 */
public record CpuReport(
    boolean libraryAvailable,
    String library,
    Optional<String> namedLibrary,
    boolean nativeAccess,
    Set<Feature> features,
    Set<KernelChoice> runnable,
    KernelChoice automatic,
    KernelChoice kernels,
    int processors,
    int threads,
    int mostDefaultThreads) {

  /** What a CPU may offer. */
  public enum Feature {
    AVX2,
    FMA,
    /** F, BW, DQ and VL. */
    AVX512,
    AVX512_VNNI,
    AVX512_BF16,
    AVX_VNNI,
    AMX_INT8,
    AMX_BF16;

    /** The name in reports: {@code avx512-vnni}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  public CpuReport {
    features = unmodifiable(Feature.class, features);
    runnable = unmodifiable(KernelChoice.class, runnable);
  }

  private static <E extends Enum<E>> Set<E> unmodifiable(Class<E> type, Set<E> set) {
    Set<E> copy = EnumSet.noneOf(type);
    copy.addAll(set);
    return Collections.unmodifiableSet(copy);
  }

  /**
   * The report of this machine for models that are opened with {@code options}. Loads the native
   * library, measures nothing.
   *
   * @throws IllegalArgumentException when this machine cannot run the kernels asked for
   * @throws IllegalStateException when native kernels are asked for and there is no library; the
   *     message says what was tried
   */
  public static CpuReport of(ModelOptions options) {
    Set<KernelChoice> runnable = BackendSelection.runnable();
    KernelChoice kernels = choice(options.kernels());
    boolean available = CpuMachine.isAvailable();
    String description = CpuMachine.description();
    if (!available && kernels != KernelChoice.JAVA) {
      throw new IllegalStateException("no native library: " + description);
    }
    if (!runnable.contains(kernels)) {
      throw new IllegalArgumentException(
          "kernels are "
              + kernels.label()
              + ", which this machine cannot run; expected one of "
              + runnable.stream().map(KernelChoice::label).toList());
    }
    Optional<String> named = CpuMachine.namedLibrary();
    return new CpuReport(
        available,
        available
            ? named.map(file -> file + " (" + description + ")").orElse(description)
            : description,
        named,
        CpuMachine.isNativeAccessEnabled(),
        features(CpuMachine.features()),
        runnable,
        choice(KernelChoice.AUTO),
        kernels,
        Runtime.getRuntime().availableProcessors(),
        kernels == KernelChoice.JAVA ? 1 : BackendSelection.threads(options),
        BackendSelection.MOST_DEFAULT_THREADS);
  }

  private static KernelChoice choice(KernelChoice asked) {
    return BackendSelection.kernels(asked).map(BackendSelection::choice).orElse(KernelChoice.JAVA);
  }

  private static Set<Feature> features(Set<String> labels) {
    Set<Feature> features = EnumSet.noneOf(Feature.class);
    for (Feature feature : Feature.values()) {
      if (labels.contains(feature.label())) {
        features.add(feature);
      }
    }
    return features;
  }
}
