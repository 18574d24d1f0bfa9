package dev.mor4j.runtime;

import dev.mor4j.runtime.backend.cpu.CpuMachine;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What computes on this machine, and what could.
 *
 * @param nativeLibrary the library of native kernels
 * @param features what the CPU and its operating system offer, as far as mor4j asks; empty without
 *     a library
 * @param kernelUse which kernels there are, and which are used
 * @param threadUse how many threads are used
 */
public record CpuReport(
    NativeLibrary nativeLibrary, Set<Feature> features, KernelUse kernelUse, ThreadUse threadUse) {

  /**
   * The library of native kernels.
   *
   * @param available whether the kernels can be called
   * @param description which library was loaded; or, where none was, what was tried and why it
   *     failed
   * @param named what a system property or environment variable says of the library: a file, or
   *     {@code none}
   * @param nativeAccess whether the JVM was told that mor4j may make native calls
   */
  public record NativeLibrary(
      boolean available, String description, Optional<String> named, boolean nativeAccess) {
    public NativeLibrary {
      Objects.requireNonNull(description, "description");
      Objects.requireNonNull(named, "named");
    }
  }

  /**
   * Which kernels there are.
   *
   * @param runnable the kernels that run here, plain Java among them
   * @param automatic the kernels that {@link KernelChoice#AUTO} picks
   * @param used the kernels in use
   */
  public record KernelUse(Set<KernelChoice> runnable, KernelChoice automatic, KernelChoice used) {
    public KernelUse {
      Objects.requireNonNull(runnable, "runnable");
      Objects.requireNonNull(automatic, "automatic");
      Objects.requireNonNull(used, "used");
      runnable = unmodifiable(KernelChoice.class, runnable);
    }
  }

  /**
   * How many threads are used.
   *
   * @param processors processors that the JVM sees
   * @param used threads in use
   * @param mostByDefault more threads are used only where they are asked for
   */
  public record ThreadUse(int processors, int used, int mostByDefault) {}

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
    Objects.requireNonNull(nativeLibrary, "nativeLibrary");
    Objects.requireNonNull(features, "features");
    Objects.requireNonNull(kernelUse, "kernelUse");
    Objects.requireNonNull(threadUse, "threadUse");
    features = unmodifiable(Feature.class, features);
  }

  /** Whether the native kernels can be called. */
  public boolean libraryAvailable() {
    return nativeLibrary.available();
  }

  /** Which library was loaded; or, where none was, what was tried and why it failed. */
  public String library() {
    return nativeLibrary.description();
  }

  /** What a system property or environment variable says of the library. */
  public Optional<String> namedLibrary() {
    return nativeLibrary.named();
  }

  /** Whether the JVM was told that mor4j may make native calls. */
  public boolean nativeAccess() {
    return nativeLibrary.nativeAccess();
  }

  /** The kernels that run here, plain Java among them. */
  public Set<KernelChoice> runnable() {
    return kernelUse.runnable();
  }

  /** The kernels that {@link KernelChoice#AUTO} picks. */
  public KernelChoice automatic() {
    return kernelUse.automatic();
  }

  /** The kernels in use. */
  public KernelChoice kernels() {
    return kernelUse.used();
  }

  /** Processors that the JVM sees. */
  public int processors() {
    return threadUse.processors();
  }

  /** Threads in use. */
  public int threads() {
    return threadUse.used();
  }

  /** More threads are used only where they are asked for. */
  public int mostDefaultThreads() {
    return threadUse.mostByDefault();
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
    Objects.requireNonNull(options, "options");
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
    String library =
        available
            ? named.map(file -> file + " (" + description + ")").orElse(description)
            : description;
    return new CpuReport(
        new NativeLibrary(available, library, named, CpuMachine.isNativeAccessEnabled()),
        features(CpuMachine.features()),
        new KernelUse(runnable, choice(KernelChoice.AUTO), kernels),
        new ThreadUse(
            Runtime.getRuntime().availableProcessors(),
            kernels == KernelChoice.JAVA ? 1 : BackendSelection.threads(options),
            BackendSelection.MOST_DEFAULT_THREADS));
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
