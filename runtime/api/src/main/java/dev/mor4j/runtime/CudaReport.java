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
 * @param use whether GPUs can be used, and what keeps them from it
 * @param software the driver, and the libraries that were looked for
 * @param devices GPUs, by ordinal
 */
public record CudaReport(Use use, Software software, List<Device> devices) {

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
   * Whether GPUs can be used.
   *
   * @param available whether models can be opened on a GPU
   * @param emulated whether the GPU is emulated on the CPU, for tests
   * @param nativeAccess whether the JVM was told that mor4j may make native calls
   * @param obstacle what keeps GPUs from being used; empty where they can be
   */
  public record Use(
      boolean available, boolean emulated, boolean nativeAccess, Optional<Obstacle> obstacle) {
    public Use {
      Objects.requireNonNull(obstacle, "obstacle");
    }
  }

  /**
   * The driver, and the libraries that were looked for.
   *
   * @param driver what the operating system says of NVIDIA's driver; empty where it says nothing
   * @param loaded libraries that were loaded, in order; the note says where they were found
   * @param tried libraries that were not, in order; the note says why
   * @param driverVersion newest CUDA that the driver supports: {@code 13.0}; empty where nobody was
   *     asked
   * @param runtimeVersion version of the CUDA runtime that was loaded
   */
  public record Software(
      Optional<String> driver,
      List<Library> loaded,
      List<Library> tried,
      Optional<String> driverVersion,
      Optional<String> runtimeVersion) {
    public Software {
      Objects.requireNonNull(driver, "driver");
      Objects.requireNonNull(loaded, "loaded");
      Objects.requireNonNull(tried, "tried");
      Objects.requireNonNull(driverVersion, "driverVersion");
      Objects.requireNonNull(runtimeVersion, "runtimeVersion");
      loaded = List.copyOf(loaded);
      tried = List.copyOf(tried);
    }
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

  public CudaReport {
    Objects.requireNonNull(use, "use");
    Objects.requireNonNull(software, "software");
    Objects.requireNonNull(devices, "devices");
    devices = List.copyOf(devices);
  }

  /** Whether models can be opened on a GPU. */
  public boolean available() {
    return use.available();
  }

  /** Whether the GPU is emulated on the CPU, for tests. */
  public boolean emulated() {
    return use.emulated();
  }

  /** Whether the JVM was told that mor4j may make native calls. */
  public boolean nativeAccess() {
    return use.nativeAccess();
  }

  /** What keeps GPUs from being used; empty where they can be. */
  public Optional<Obstacle> obstacle() {
    return use.obstacle();
  }

  /** What the operating system says of NVIDIA's driver; empty where it says nothing. */
  public Optional<String> driver() {
    return software.driver();
  }

  /** Libraries that were loaded, in order; the note says where they were found. */
  public List<Library> loaded() {
    return software.loaded();
  }

  /** Libraries that were not loaded, in order; the note says why. */
  public List<Library> tried() {
    return software.tried();
  }

  /** The newest CUDA that the driver supports: {@code 13.0}; empty where nobody was asked. */
  public Optional<String> driverVersion() {
    return software.driverVersion();
  }

  /** The version of the CUDA runtime that was loaded. */
  public Optional<String> runtimeVersion() {
    return software.runtimeVersion();
  }

  /** The report of this machine. Loads the libraries, computes nothing; throws nothing. */
  public static CudaReport read() {
    List<Library> loaded = libraries(CudaMachine.loaded());
    List<Library> tried = libraries(CudaMachine.tried());
    boolean available = CudaMachine.isAvailable();
    return new CudaReport(
        new Use(
            available,
            CudaMachine.isEmulated(),
            CudaMachine.isNativeAccessEnabled(),
            available ? Optional.empty() : Optional.of(obstacle(loaded, tried))),
        new Software(
            driver(DRIVER),
            loaded,
            tried,
            version(CudaMachine.driverVersion()),
            version(CudaMachine.runtimeVersion())),
        CudaMachine.devices().stream().map(Device::of).toList());
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
}
