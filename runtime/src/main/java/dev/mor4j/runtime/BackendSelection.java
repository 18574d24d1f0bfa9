package dev.mor4j.runtime;

import dev.mor4j.bindings.cpu.CpuContext;
import dev.mor4j.bindings.cpu.CpuLibrary;
import dev.mor4j.bindings.cpu.Isa;
import dev.mor4j.runtime.backend.Backend;
import dev.mor4j.runtime.backend.JavaBackend;
import dev.mor4j.runtime.backend.NativeBackend;
import dev.mor4j.runtime.weights.ModelWeights;

/** Chooses what computes, in a stated order, and keeps the reason for a fallback. */
final class BackendSelection {
  private static final int MOST_DEFAULT_THREADS = 16;
  private static final int SPIN_MICROSECONDS = 100;

  private BackendSelection() {}

  static Backend select(ModelOptions options, ModelWeights weights) {
    CpuLibrary library = CpuLibrary.instance();
    return switch (options.kernels()) {
      case JAVA -> new JavaBackend("asked for", weights);
      case AUTO ->
          library.isAvailable()
              ? nativeBackend(library.bestIsa(), options, weights)
              : new JavaBackend(library.description(), weights);
      case AVX512 -> nativeBackend(Isa.AVX512, options, weights);
      case AVX2 -> nativeBackend(Isa.AVX2, options, weights);
      case PORTABLE -> nativeBackend(Isa.PORTABLE, options, weights);
    };
  }

  private static Backend nativeBackend(Isa isa, ModelOptions options, ModelWeights weights) {
    if (weights.isPacked()) {
      throw new IllegalArgumentException(
          "the weights are packed, which the native kernels of this build do not multiply; use"
              + " java");
    }
    int processors = Math.min(MOST_DEFAULT_THREADS, Runtime.getRuntime().availableProcessors());
    int threads = options.threads() == 0 ? processors : options.threads();
    CpuContext context = new CpuContext(isa, threads, SPIN_MICROSECONDS);
    try {
      return new NativeBackend(context, weights);
    } catch (RuntimeException e) {
      context.close();
      throw e;
    }
  }
}
