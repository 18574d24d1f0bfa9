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
 * <p>Immutable. Made by {@link #of}, or, for tests of what reads it, by a {@link Builder}.
 */
public final class CpuReport {
  private final boolean libraryAvailable;
  private final String library;
  private final Optional<String> namedLibrary;
  private final boolean nativeAccess;
  private final Set<Feature> features;
  private final Set<KernelChoice> runnable;
  private final KernelChoice automatic;
  private final KernelChoice kernels;
  private final int processors;
  private final int threads;
  private final int mostDefaultThreads;

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

  private CpuReport(Builder from) {
    this.libraryAvailable = from.libraryAvailable;
    this.library = from.library;
    this.namedLibrary = from.namedLibrary;
    this.nativeAccess = from.nativeAccess;
    this.features = unmodifiable(Feature.class, from.features);
    this.runnable = unmodifiable(KernelChoice.class, from.runnable);
    this.automatic = from.automatic;
    this.kernels = from.kernels;
    this.processors = from.processors;
    this.threads = from.threads;
    this.mostDefaultThreads = from.mostDefaultThreads;
  }

  /** A builder, which begins with the report of a machine that offers nothing. */
  public static Builder builder() {
    return new Builder();
  }

  /** Whether the native kernels can be called. */
  public boolean libraryAvailable() {
    return libraryAvailable;
  }

  /** Which library was loaded; or, where none was, what was tried and why it failed. */
  public String library() {
    return library;
  }

  /**
   * What a system property or environment variable says of the library: a file, or {@code none}.
   */
  public Optional<String> namedLibrary() {
    return namedLibrary;
  }

  /** Whether the JVM was told that mor4j may make native calls. */
  public boolean nativeAccess() {
    return nativeAccess;
  }

  /** What the CPU and its operating system offer, as far as mor4j asks; empty without a library. */
  public Set<Feature> features() {
    return features;
  }

  /** The kernels that run here, plain Java among them. */
  public Set<KernelChoice> runnable() {
    return runnable;
  }

  /** The kernels that {@link KernelChoice#AUTO} picks. */
  public KernelChoice automatic() {
    return automatic;
  }

  /** The kernels in use. */
  public KernelChoice kernels() {
    return kernels;
  }

  /** Processors that the JVM sees. */
  public int processors() {
    return processors;
  }

  /** Threads in use. */
  public int threads() {
    return threads;
  }

  /** More threads are used only where they are asked for. */
  public int mostDefaultThreads() {
    return mostDefaultThreads;
  }

  @Override
  public String toString() {
    return "CpuReport["
        + "libraryAvailable="
        + libraryAvailable
        + ", library="
        + library
        + ", namedLibrary="
        + namedLibrary
        + ", nativeAccess="
        + nativeAccess
        + ", features="
        + features
        + ", runnable="
        + runnable
        + ", automatic="
        + automatic
        + ", kernels="
        + kernels
        + ", processors="
        + processors
        + ", threads="
        + threads
        + ", mostDefaultThreads="
        + mostDefaultThreads
        + "]";
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
    return CpuReport.builder()
        .libraryAvailable(available)
        .library(
            available
                ? named.map(file -> file + " (" + description + ")").orElse(description)
                : description)
        .namedLibrary(named)
        .nativeAccess(CpuMachine.isNativeAccessEnabled())
        .features(features(CpuMachine.features()))
        .runnable(runnable)
        .automatic(choice(KernelChoice.AUTO))
        .kernels(kernels)
        .processors(Runtime.getRuntime().availableProcessors())
        .threads(kernels == KernelChoice.JAVA ? 1 : BackendSelection.threads(options))
        .mostDefaultThreads(BackendSelection.MOST_DEFAULT_THREADS)
        .build();
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

  /** Takes the values of a report; each method is named after the accessor of its value. */
  public static final class Builder {
    private boolean libraryAvailable;
    private String library = "";
    private Optional<String> namedLibrary = Optional.empty();
    private boolean nativeAccess;
    private Set<Feature> features = Set.of();
    private Set<KernelChoice> runnable = Set.of();
    private KernelChoice automatic = KernelChoice.JAVA;
    private KernelChoice kernels = KernelChoice.JAVA;
    private int processors;
    private int threads;
    private int mostDefaultThreads;

    private Builder() {}

    public Builder libraryAvailable(boolean value) {
      libraryAvailable = value;
      return this;
    }

    public Builder library(String value) {
      library = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder namedLibrary(Optional<String> value) {
      namedLibrary = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder nativeAccess(boolean value) {
      nativeAccess = value;
      return this;
    }

    public Builder features(Set<Feature> value) {
      features = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder runnable(Set<KernelChoice> value) {
      runnable = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder automatic(KernelChoice value) {
      automatic = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder kernels(KernelChoice value) {
      kernels = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder processors(int value) {
      processors = value;
      return this;
    }

    public Builder threads(int value) {
      threads = value;
      return this;
    }

    public Builder mostDefaultThreads(int value) {
      mostDefaultThreads = value;
      return this;
    }

    /** The report. */
    public CpuReport build() {
      return new CpuReport(this);
    }
  }
}
