package dev.mor4j.runtime;

import dev.mor4j.runtime.format.WeightsPlacement;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * How a model is opened. Immutable: a {@code with…} method gives options that differ in one value.
 */
public final class ModelOptions {
  /**
   * System property whose value, {@code true} or {@code false}, is the default of {@link
   * #fileGuard()}.
   */
  public static final String FILE_GUARD_PROPERTY = "mor4j.fileGuard";

  /** The values by name, at first the defaults; never changed once options have them. */
  private static final class Values {
    BackendChoice backend = BackendChoice.CPU;
    DeviceOptions device = DeviceOptions.defaults();
    KernelChoice kernels = KernelChoice.AUTO;
    int threads = 0;
    int spinMicroseconds = 100;
    int passRows = 128;
    KvCacheType kvCache = KvCacheType.F32;
    WeightsPlacement weights = WeightsPlacement.AUTO;
    boolean fileGuard = fileGuardByDefault();
    boolean nativeRequired = false;

    Values copy() {
      Values copy = new Values();
      copy.backend = backend;
      copy.device = device;
      copy.kernels = kernels;
      copy.threads = threads;
      copy.spinMicroseconds = spinMicroseconds;
      copy.passRows = passRows;
      copy.kvCache = kvCache;
      copy.weights = weights;
      copy.fileGuard = fileGuard;
      copy.nativeRequired = nativeRequired;
      return copy;
    }
  }

  private final Values values;

  private ModelOptions(Values values) {
    Options.require(
        values.threads >= 0 && values.threads <= 256, "threads", values.threads, "0 to 256");
    Options.require(
        values.spinMicroseconds >= 0 && values.spinMicroseconds <= 1_000_000,
        "spinMicroseconds",
        values.spinMicroseconds,
        "0 to 1000000");
    Options.require(
        values.passRows >= 1 && values.passRows <= 4096, "passRows", values.passRows, "1 to 4096");
    this.values = values;
  }

  /**
   * The CPU, the best kernels, all processors, threads that wait awake for 100 microseconds, passes
   * of up to 128 tokens, float32 caches; weights mapped where the file is on this machine, with a
   * guard unless {@value #FILE_GUARD_PROPERTY} switches it off.
   *
   * @throws IllegalArgumentException when that property is neither true nor false
   */
  public static ModelOptions defaults() {
    return new ModelOptions(new Values());
  }

  private static boolean fileGuardByDefault() {
    String value = System.getProperty(FILE_GUARD_PROPERTY, "true");
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(
              "the system property "
                  + FILE_GUARD_PROPERTY
                  + " is \""
                  + value
                  + "\", expected true or false");
    };
  }

  private ModelOptions with(Consumer<Values> change) {
    Values changed = values.copy();
    change.accept(changed);
    return new ModelOptions(changed);
  }

  /** Where the model is computed. */
  public BackendChoice backend() {
    return values.backend;
  }

  /** On which GPU, and how; for {@link BackendChoice#CUDA}. */
  public DeviceOptions device() {
    return values.device;
  }

  /** What computes on the CPU. */
  public KernelChoice kernels() {
    return values.kernels;
  }

  /**
   * Threads of a pass, the caller's among them; 0 for as many as the JVM has processors, at most
   * 16.
   */
  public int threads() {
    return values.threads;
  }

  /**
   * How long the threads of native kernels wait awake for the next pass before they sleep, in
   * microseconds. A longer wait starts passes sooner and keeps processors busy between them.
   */
  public int spinMicroseconds() {
    return values.spinMicroseconds;
  }

  /**
   * Most tokens of one pass: prompts are taken in pieces of this size, and a workspace has room for
   * as many.
   */
  public int passRows() {
    return values.passRows;
  }

  /** Number type of the keys and values that sessions keep. */
  public KvCacheType kvCache() {
    return values.kvCache;
  }

  /** Where the weights are: mapped from their file, or copied to memory off the heap. */
  public WeightsPlacement weights() {
    return values.weights;
  }

  /**
   * Whether a handler of SIGBUS in the native library makes faults in mapped weights harmless: a
   * file that is cut while the model is open becomes a {@link
   * dev.mor4j.runtime.format.ModelChangedException} instead of ending the process. It is installed
   * with the first such model, gives every other fault to whoever had the signal before, and goes
   * with the last. Plain Java needs none; copied weights and Windows have none.
   */
  public boolean fileGuard() {
    return values.fileGuard;
  }

  /** Whether plain Java may not take the place of native kernels that cannot be loaded. */
  public boolean nativeRequired() {
    return values.nativeRequired;
  }

  /** These options with another {@link #backend()}. */
  public ModelOptions withBackend(BackendChoice value) {
    Objects.requireNonNull(value, "value");
    return with(changed -> changed.backend = value);
  }

  /** These options with another {@link #device()}. */
  public ModelOptions withDevice(DeviceOptions value) {
    Objects.requireNonNull(value, "value");
    return with(changed -> changed.device = value);
  }

  /** These options with another {@link #kernels()}. */
  public ModelOptions withKernels(KernelChoice value) {
    Objects.requireNonNull(value, "value");
    return with(changed -> changed.kernels = value);
  }

  /** These options with another {@link #threads()}. */
  public ModelOptions withThreads(int value) {
    return with(changed -> changed.threads = value);
  }

  /** These options with another {@link #spinMicroseconds()}. */
  public ModelOptions withSpinMicroseconds(int value) {
    return with(changed -> changed.spinMicroseconds = value);
  }

  /** These options with another {@link #passRows()}. */
  public ModelOptions withPassRows(int value) {
    return with(changed -> changed.passRows = value);
  }

  /** These options with another {@link #kvCache()}. */
  public ModelOptions withKvCache(KvCacheType value) {
    Objects.requireNonNull(value, "value");
    return with(changed -> changed.kvCache = value);
  }

  /** These options with another {@link #weights()}. */
  public ModelOptions withWeights(WeightsPlacement value) {
    Objects.requireNonNull(value, "value");
    return with(changed -> changed.weights = value);
  }

  /** These options with another {@link #fileGuard()}. */
  public ModelOptions withFileGuard(boolean value) {
    return with(changed -> changed.fileGuard = value);
  }

  /**
   * These options, with which a model whose native kernels cannot be loaded is not opened. Without
   * it plain Java takes their place, slower by a factor of ten to a hundred, and a warning says so
   * once.
   */
  public ModelOptions requireNative() {
    return withNativeRequired(true);
  }

  /** These options with another {@link #nativeRequired()}. */
  public ModelOptions withNativeRequired(boolean value) {
    return with(changed -> changed.nativeRequired = value);
  }

  private Map<String, Object> named() {
    return Options.named(
        "backend", values.backend,
        "device", values.device,
        "kernels", values.kernels,
        "threads", values.threads,
        "spinMicroseconds", values.spinMicroseconds,
        "passRows", values.passRows,
        "kvCache", values.kvCache,
        "weights", values.weights,
        "fileGuard", values.fileGuard,
        "nativeRequired", values.nativeRequired);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelOptions options && named().equals(options.named());
  }

  @Override
  public int hashCode() {
    return named().hashCode();
  }

  @Override
  public String toString() {
    return Options.text(ModelOptions.class, named());
  }
}
