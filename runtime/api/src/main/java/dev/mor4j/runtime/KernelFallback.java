package dev.mor4j.runtime;

import dev.mor4j.runtime.backend.cpu.CpuMachine;
import java.util.concurrent.atomic.AtomicBoolean;

/** Plain Java in place of native kernels: a warning, once in a JVM, or an error. Any thread. */
final class KernelFallback {
  private static final System.Logger LOG = System.getLogger(KernelFallback.class.getPackageName());
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  private KernelFallback() {}

  /**
   * Why plain Java computes a model, for reports.
   *
   * @throws IllegalStateException where it may not
   */
  static String reason(ModelOptions options) {
    if (options.nativeRequired()) {
      throw new IllegalStateException(
          "native kernels are required, and "
              + (options.kernels() == KernelChoice.JAVA
                  ? "plain Java is asked for"
                  : "there is no native library: " + CpuMachine.description()));
    }
    if (options.kernels() == KernelChoice.JAVA) {
      return "asked for";
    }
    String reason = CpuMachine.description();
    boolean switchedOff = CpuMachine.namedLibrary().filter("none"::equals).isPresent();
    if (!switchedOff && WARNED.compareAndSet(false, true)) {
      LOG.log(
          System.Logger.Level.WARNING,
          "plain Java computes in place of native kernels, 10 to 100 times slower: {0}."
              + " ModelOptions.requireNative(), or --require-native, makes this an error.",
          reason);
    }
    return reason;
  }
}
