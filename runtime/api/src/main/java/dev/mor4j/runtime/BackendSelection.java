package dev.mor4j.runtime;

import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.cpu.CpuMachine;
import dev.mor4j.runtime.backend.cuda.CudaBackend;
import dev.mor4j.runtime.backend.plain.JavaBackend;
import dev.mor4j.runtime.weights.ModelWeights;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Chooses what computes, in a stated order, and keeps the reason for a fallback. */
final class BackendSelection {
  static final int MOST_DEFAULT_THREADS = 16;

  private BackendSelection() {}

  static Backend select(ModelOptions options, ModelWeights weights) {
    return switch (options.backend()) {
      case CPU -> selectCpu(options, weights);
      case CUDA ->
          CudaBackend.open(
              options.device().ordinal(),
              weights,
              options.device().numbers().type(),
              options.kvCache());
    };
  }

  private static Backend selectCpu(ModelOptions options, ModelWeights weights) {
    Optional<String> kernels = kernels(options.kernels());
    if (kernels.isEmpty()) {
      return new JavaBackend(KernelFallback.reason(options), weights);
    }
    return CpuMachine.open(
        kernels.get(), threads(options), options.spinMicroseconds(), weights, options.kvCache());
  }

  /** The native kernels that {@code choice} means on this machine; empty for plain Java. */
  static Optional<String> kernels(KernelChoice choice) {
    return switch (choice) {
      case JAVA -> Optional.empty();
      case AUTO -> bestKernels();
      default -> Optional.of(choice.label());
    };
  }

  /** The most able native kernels that run here; empty without a library. */
  static Optional<String> bestKernels() {
    List<String> runnable = CpuMachine.kernels();
    return runnable.isEmpty() ? Optional.empty() : Optional.of(runnable.getLast());
  }

  /** The choice that asks for the native kernels called {@code label}. */
  static KernelChoice choice(String label) {
    return KernelChoice.find(label)
        .orElseThrow(() -> new IllegalStateException("no choice means the kernels " + label));
  }

  /** The kernels that this machine can run, plain Java among them. */
  static Set<KernelChoice> runnable() {
    Set<KernelChoice> runnable = EnumSet.of(KernelChoice.JAVA);
    CpuMachine.kernels().forEach(label -> runnable.add(choice(label)));
    return runnable;
  }

  /** Threads that native kernels use with these options. */
  static int threads(ModelOptions options) {
    int processors = Runtime.getRuntime().availableProcessors();
    return options.threads() == 0 ? Math.min(MOST_DEFAULT_THREADS, processors) : options.threads();
  }
}
