package dev.mor4j.runtime;

import dev.mor4j.runtime.backend.cpu.CpuMachine;
import dev.mor4j.runtime.format.ModelChangedException;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.weights.FaultGuard;
import dev.mor4j.runtime.weights.ModelWeights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Opens weights as options say, and asks before each request whether their file is what was opened.
 * Any thread.
 */
final class WeightChecks {
  private final ModelWeights weights;

  /** Whether weights are read from the file again and again: not once a device has them. */
  private final boolean readsFile;

  WeightChecks(ModelWeights weights, ModelOptions options) {
    this.weights = weights;
    this.readsFile = options.backend() == BackendChoice.CPU;
  }

  /** Opens {@code file}; the caller closes what is returned. */
  static ModelWeights open(Path file, ModelConfig config, ModelOptions options) throws IOException {
    return ModelWeights.open(file, config, options.weights(), guard(options));
  }

  /** Who asks for plain Java gets no native library; the JVM itself sees faults in Java code. */
  private static FaultGuard guard(ModelOptions options) {
    boolean plainJava =
        options.backend() == BackendChoice.CPU && options.kernels() == KernelChoice.JAVA;
    return options.fileGuard() && !plainJava ? CpuMachine.fileGuard() : FaultGuard.NONE;
  }

  /**
   * To be called before each request.
   *
   * @throws ModelChangedException when the file is not what was opened
   */
  void beforeRequest() {
    if (readsFile) {
      weights.requireUnchanged();
    }
  }

  /** See {@link MorModel#change}. */
  Optional<ModelChangedException> change() {
    try {
      beforeRequest();
      return Optional.empty();
    } catch (ModelChangedException e) {
      return Optional.of(e);
    }
  }
}
