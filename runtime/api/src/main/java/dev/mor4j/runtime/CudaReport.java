package dev.mor4j.runtime;

import dev.mor4j.runtime.backend.cuda.CudaMachine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What there is of CUDA on this machine: the GPUs, and the libraries that were loaded for them; or,
 * where {@link BackendChoice#CUDA} cannot be used, what was tried and what is missing.
 *
 * <p>Immutable. Made by {@link #read}, or, for tests of what reads it, by a {@link Builder}.
 */
public final class CudaReport {
  private final boolean available;
  private final boolean emulated;
  private final boolean nativeAccess;
  private final Optional<String> driver;
  private final List<Library> loaded;
  private final List<Library> tried;
  private final Optional<String> driverVersion;
  private final Optional<String> runtimeVersion;
  private final List<Device> devices;
  private final Optional<Obstacle> obstacle;

  private static final Path DRIVER = Path.of("/proc/driver/nvidia/version");

  /** What keeps GPUs from being used. */
  public enum Obstacle {
    /** A property or variable that says {@code none}. */
    SWITCHED_OFF,
    /** CUDA's own libraries, of version 13 or newer, are not there or cannot be loaded. */
    LIBRARIES,
    /** There is no driver that is new enough, or no GPU. */
    DEVICE,
    /** mor4j's kernels are not there or do not fit. */
    KERNELS
  }

  /**
   * A library file.
   *
   * @param file the file, or names of libraries that were found nowhere
   * @param note where it was found, or why it was not loaded
   */
  public record Library(String file, String note) {
    public Library {
      Objects.requireNonNull(file, "file");
      Objects.requireNonNull(note, "note");
    }
  }

  /**
   * A GPU.
   *
   * @param ordinal what {@link DeviceOptions#ordinal()} calls it
   * @param name its maker's name for it
   * @param computeCapability such as {@code 9.0}
   * @param multiprocessors SMs
   * @param totalBytes memory
   * @param freeBytes of it, now
   * @param problem why it does not answer, and the rest is empty or 0; empty where it does
   */
  public record Device(
      int ordinal,
      String name,
      String computeCapability,
      int multiprocessors,
      long totalBytes,
      long freeBytes,
      Optional<String> problem) {
    public Device {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(computeCapability, "computeCapability");
      Objects.requireNonNull(problem, "problem");
    }

    private static Device of(CudaMachine.Device device) {
      return new Device(
          device.ordinal(),
          device.name(),
          device.computeCapability(),
          device.multiprocessors(),
          device.totalBytes(),
          device.freeBytes(),
          device.problem());
    }
  }

  private CudaReport(Builder from) {
    this.available = from.available;
    this.emulated = from.emulated;
    this.nativeAccess = from.nativeAccess;
    this.driver = from.driver;
    this.loaded = List.copyOf(from.loaded);
    this.tried = List.copyOf(from.tried);
    this.driverVersion = from.driverVersion;
    this.runtimeVersion = from.runtimeVersion;
    this.devices = List.copyOf(from.devices);
    this.obstacle = from.obstacle;
  }

  /** A builder, which begins with the report of a machine that offers nothing. */
  public static Builder builder() {
    return new Builder();
  }

  /** Whether models can be opened on a GPU. */
  public boolean available() {
    return available;
  }

  /** Whether the GPU is emulated on the CPU, for tests. */
  public boolean emulated() {
    return emulated;
  }

  /** Whether the JVM was told that mor4j may make native calls. */
  public boolean nativeAccess() {
    return nativeAccess;
  }

  /** What the operating system says of NVIDIA's driver; empty where it says nothing. */
  public Optional<String> driver() {
    return driver;
  }

  /** Libraries that were loaded, in order; the note says where they were found. */
  public List<Library> loaded() {
    return loaded;
  }

  /** Libraries that were not, in order; the note says why. */
  public List<Library> tried() {
    return tried;
  }

  /** Newest CUDA that the driver supports: {@code 13.0}; empty where nobody was asked. */
  public Optional<String> driverVersion() {
    return driverVersion;
  }

  /** Version of the CUDA runtime that was loaded. */
  public Optional<String> runtimeVersion() {
    return runtimeVersion;
  }

  /** GPUs, by ordinal. */
  public List<Device> devices() {
    return devices;
  }

  /** What keeps GPUs from being used; empty where they can be. */
  public Optional<Obstacle> obstacle() {
    return obstacle;
  }

  @Override
  public String toString() {
    return "CudaReport["
        + "available="
        + available
        + ", emulated="
        + emulated
        + ", nativeAccess="
        + nativeAccess
        + ", driver="
        + driver
        + ", loaded="
        + loaded
        + ", tried="
        + tried
        + ", driverVersion="
        + driverVersion
        + ", runtimeVersion="
        + runtimeVersion
        + ", devices="
        + devices
        + ", obstacle="
        + obstacle
        + "]";
  }

  /** The report of this machine. Loads the libraries, computes nothing; throws nothing. */
  public static CudaReport read() {
    List<Library> loaded = libraries(CudaMachine.loaded());
    List<Library> tried = libraries(CudaMachine.tried());
    return CudaReport.builder()
        .available(CudaMachine.isAvailable())
        .emulated(CudaMachine.isEmulated())
        .nativeAccess(CudaMachine.isNativeAccessEnabled())
        .driver(driver(DRIVER))
        .loaded(loaded)
        .tried(tried)
        .driverVersion(version(CudaMachine.driverVersion()))
        .runtimeVersion(version(CudaMachine.runtimeVersion()))
        .devices(CudaMachine.devices().stream().map(Device::of).toList())
        .obstacle(
            CudaMachine.isAvailable() ? Optional.empty() : Optional.of(obstacle(loaded, tried)))
        .build();
  }

  private static List<Library> libraries(List<CudaMachine.Library> libraries) {
    return libraries.stream().map(each -> new Library(each.file(), each.note())).toList();
  }

  /** The first line of the file that the driver has in Linux. */
  static Optional<String> driver(Path file) {
    try {
      return Files.readAllLines(file).stream().map(String::strip).findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Optional<String> version(int number) {
    return number == 0 ? Optional.empty() : Optional.of(number / 1000 + "." + number % 1000 / 10);
  }

  /** What the obstacle is, by what was loaded until then and what failed last. */
  static Obstacle obstacle(List<Library> loaded, List<Library> tried) {
    Library last = tried.getLast();
    if (last.note().startsWith("switched off")) {
      return Obstacle.SWITCHED_OFF;
    }
    if (last.note().startsWith("named by option")
        || last.file().contains("mor4j_cuda")
        || isLoaded(loaded, "libcublas.so")) {
      return Obstacle.KERNELS;
    }
    boolean refused = loaded.stream().anyMatch(library -> library.file().equals(last.file()));
    return refused && fileName(last).startsWith("libcudart") ? Obstacle.DEVICE : Obstacle.LIBRARIES;
  }

  private static boolean isLoaded(List<Library> loaded, String name) {
    return loaded.stream().anyMatch(library -> fileName(library).startsWith(name));
  }

  private static String fileName(Library library) {
    return library.file().substring(library.file().lastIndexOf('/') + 1);
  }

  /** The GPU that {@code ordinal} means. */
  public Optional<Device> device(int ordinal) {
    return devices.stream().filter(device -> device.ordinal() == ordinal).findFirst();
  }

  /** Takes the values of a report; each method is named after the accessor of its value. */
  public static final class Builder {
    private boolean available;
    private boolean emulated;
    private boolean nativeAccess;
    private Optional<String> driver = Optional.empty();
    private List<Library> loaded = List.of();
    private List<Library> tried = List.of();
    private Optional<String> driverVersion = Optional.empty();
    private Optional<String> runtimeVersion = Optional.empty();
    private List<Device> devices = List.of();
    private Optional<Obstacle> obstacle = Optional.empty();

    private Builder() {}

    public Builder available(boolean value) {
      available = value;
      return this;
    }

    public Builder emulated(boolean value) {
      emulated = value;
      return this;
    }

    public Builder nativeAccess(boolean value) {
      nativeAccess = value;
      return this;
    }

    public Builder driver(Optional<String> value) {
      driver = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder loaded(List<Library> value) {
      loaded = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder tried(List<Library> value) {
      tried = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder driverVersion(Optional<String> value) {
      driverVersion = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder runtimeVersion(Optional<String> value) {
      runtimeVersion = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder devices(List<Device> value) {
      devices = Objects.requireNonNull(value, "value");
      return this;
    }

    public Builder obstacle(Optional<Obstacle> value) {
      obstacle = Objects.requireNonNull(value, "value");
      return this;
    }

    /** The report. */
    public CudaReport build() {
      return new CudaReport(this);
    }
  }
}
