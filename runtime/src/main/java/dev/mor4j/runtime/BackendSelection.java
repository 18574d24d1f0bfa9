package dev.mor4j.runtime;

import dev.mor4j.bindings.cpu.CpuContext;
import dev.mor4j.bindings.cpu.CpuLibrary;
import dev.mor4j.bindings.cpu.Isa;
import dev.mor4j.bindings.cpu.WeightType;
import dev.mor4j.bindings.cuda.kernel.CudaType;
import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.JavaBackend;
import dev.mor4j.runtime.backend.NativeBackend;
import dev.mor4j.runtime.backend.cuda.CudaBackend;
import dev.mor4j.runtime.weights.ModelWeights;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Chooses what computes, in a stated order, and keeps the reason for a fallback. */
final class BackendSelection {
  static final int MOST_DEFAULT_THREADS = 16;
  private static final int SPIN_MICROSECONDS = 100;

  private BackendSelection() {}

  static Backend select(ModelOptions options, ModelWeights weights) {
    return switch (options.backend()) {
      case CPU -> selectCpu(options, weights);
      case CUDA ->
          new CudaBackend(
              options.device().ordinal(),
              weights,
              numbers(options.device().numbers(), weights),
              options.kvCache().type());
    };
  }

  private static CudaType numbers(DeviceOptions.Numbers choice, ModelWeights weights) {
    return switch (choice) {
      case AUTO -> weights.layer(0).q().type() == WeightType.F32 ? CudaType.F32 : CudaType.BF16;
      case F32 -> CudaType.F32;
      case BF16 -> CudaType.BF16;
      case F16 -> CudaType.F16;
    };
  }

  private static Backend selectCpu(ModelOptions options, ModelWeights weights) {
    Optional<Isa> isa = isa(options.kernels());
    if (isa.isEmpty()) {
      String reason =
          options.kernels() == KernelChoice.JAVA
              ? "asked for"
              : CpuLibrary.instance().description();
      return new JavaBackend(reason, weights);
    }
    CpuContext context = context(isa.get(), threads(options));
    try {
      return new NativeBackend(context, weights, options.kvCache().type());
    } catch (RuntimeException e) {
      context.close();
      throw e;
    }
  }

  /** The native kernels that {@code choice} means on this machine; empty for plain Java. */
  static Optional<Isa> isa(KernelChoice choice) {
    CpuLibrary library = CpuLibrary.instance();
    return switch (choice) {
      case JAVA -> Optional.empty();
      case AUTO -> library.isAvailable() ? Optional.of(library.bestIsa()) : Optional.empty();
      case AVX512_BF16 -> Optional.of(Isa.AVX512_BF16);
      case AVX512_VNNI -> Optional.of(Isa.AVX512_VNNI);
      case AVX512 -> Optional.of(Isa.AVX512);
      case AVX2 -> Optional.of(Isa.AVX2);
      case PORTABLE -> Optional.of(Isa.PORTABLE);
    };
  }

  /** The choice that asks for the kernels of {@code isa}. */
  static KernelChoice choice(Isa isa) {
    return KernelChoice.valueOf(isa.name());
  }

  /** The kernels that this machine can run, plain Java among them. */
  static Set<KernelChoice> runnable() {
    Set<KernelChoice> runnable = EnumSet.of(KernelChoice.JAVA);
    CpuLibrary library = CpuLibrary.instance();
    if (library.isAvailable()) {
      for (Isa isa : Isa.values()) {
        if (isa.compareTo(library.bestIsa()) <= 0) {
          runnable.add(choice(isa));
        }
      }
    }
    return runnable;
  }

  /** Threads that native kernels use with these options. */
  static int threads(ModelOptions options) {
    int processors = Runtime.getRuntime().availableProcessors();
    return options.threads() == 0 ? Math.min(MOST_DEFAULT_THREADS, processors) : options.threads();
  }

  /** A context; the caller closes it. */
  static CpuContext context(Isa isa, int threads) {
    return new CpuContext(isa, threads, SPIN_MICROSECONDS);
  }
}
