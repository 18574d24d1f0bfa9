package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.cuda.library.CudaLibraries;
import dev.mor4j.bindings.cuda.status.CudaException;
import dev.mor4j.bindings.cuda.status.CudaOutOfMemoryException;
import dev.mor4j.bindings.cuda.status.CudaStatus;
import dev.mor4j.bindings.cuda.status.MemoryInfo;
import dev.mor4j.bindings.generated.cuda.CublasApi;
import dev.mor4j.bindings.generated.cuda.CudaRuntime;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One device and all that was allocated on it. Makes the device current for every call, on whatever
 * thread; counts device and pinned bytes; keeps the first failure, after which every call fails at
 * once. Owns memory, streams, events, graphs and cuBLASLt handles made with it: {@link #close()}
 * frees those still open, the newest first, and may be called again. Any thread may use the
 * context; its resources state their own rules. The caller must not close it while another thread
 * uses one of them.
 */
public final class CudaContext implements AutoCloseable {
  private static final CudaMemoryListener NOBODY =
      new CudaMemoryListener() {
        @Override
        public void added(CudaMemoryKind kind, long bytes) {}

        @Override
        public void removed(CudaMemoryKind kind, long bytes) {}
      };

  /** The oldest compute capability, before the point, that native/cuda is built for. */
  private static final int OLDEST_MAJOR = 8;

  private final CudaDevice device;
  private final CudaMemoryListener listener;
  private final AtomicReference<CudaException> poison = new AtomicReference<>();
  private final AtomicLong deviceBytes = new AtomicLong();
  private final AtomicLong pinnedBytes = new AtomicLong();
  private final AtomicLong closings = new AtomicLong();
  private final Set<CudaResource> open = new LinkedHashSet<>();
  private volatile boolean closed;

  /** A context whose allocations nobody else counts. */
  public CudaContext(int device) {
    this(device, NOBODY);
  }

  /**
   * @param device ordinal of the device
   * @param listener told of every allocation
   * @throws IllegalStateException when there is no CUDA ({@link CudaLibraries#description()})
   * @throws IllegalArgumentException when there is no such device, or the kernels are not built for
   *     it
   * @throws CudaException when the device does not answer
   */
  public CudaContext(int device, CudaMemoryListener listener) {
    CudaLibraries libraries = CudaLibraries.instance();
    libraries.requireAvailable();
    if (device < 0 || device >= libraries.deviceCount()) {
      throw new IllegalArgumentException(
          "device is "
              + device
              + ", expected 0 to "
              + (libraries.deviceCount() - 1)
              + ", the CUDA devices that there are");
    }
    this.device = CudaDevice.read(device);
    requireKernels(this.device);
    this.listener = listener;
  }

  /** Fails for a device that is older than the kernels were built for. */
  static void requireKernels(CudaDevice device) {
    if (device.computeMajor() < OLDEST_MAJOR) {
      throw new IllegalArgumentException(
          "device "
              + device.ordinal()
              + " is "
              + device.name()
              + " of compute capability "
              + device.computeCapability()
              + ", expected "
              + OLDEST_MAJOR
              + ".0 or newer");
    }
  }

  /** The devices that the CUDA runtime shows; none without CUDA. */
  public static List<CudaDevice> devices() {
    List<CudaDevice> devices = new ArrayList<>();
    CudaLibraries libraries = CudaLibraries.instance();
    if (libraries.isAvailable()) {
      for (int i = 0; i < libraries.deviceCount(); i++) {
        devices.add(CudaDevice.read(i));
      }
    }
    return devices;
  }

  /** The device. */
  public CudaDevice device() {
    return device;
  }

  /** The newest CUDA that the driver supports: 13000 is 13.0. */
  public int driverVersion() {
    return CudaLibraries.instance().driverVersion();
  }

  /** The CUDA runtime's version: 13000 is 13.0. */
  public int runtimeVersion() {
    return CudaLibraries.instance().runtimeVersion();
  }

  /** Bytes of the device that nobody uses now. */
  public long freeBytes() {
    return memoryInfo().freeBytes();
  }

  /** Bytes of the device. */
  public long totalBytes() {
    return memoryInfo().totalBytes();
  }

  /** Device bytes allocated through this context and not freed yet. */
  public long deviceBytes() {
    return deviceBytes.get();
  }

  /** Pinned bytes allocated through this context and not freed yet. */
  public long pinnedBytes() {
    return pinnedBytes.get();
  }

  /**
   * Allocates device memory, aligned to 256 bytes, contents undefined.
   *
   * @throws CudaOutOfMemoryException when the device has not that many bytes
   */
  public DeviceMemory allocate(long bytes) {
    return DeviceMemory.allocate(this, bytes);
  }

  /**
   * Allocates page-locked host memory, contents undefined.
   *
   * @throws CudaOutOfMemoryException when the host cannot lock that many bytes
   */
  public PinnedMemory allocatePinned(long bytes) {
    return PinnedMemory.allocate(this, bytes);
  }

  /** A stream that does not wait for the legacy default stream. */
  public CudaStream createStream() {
    return CudaStream.create(this);
  }

  /** An event with a time stamp. */
  public CudaEvent createEvent() {
    return CudaEvent.create(this, CudaRuntime.cudaEventDefault());
  }

  /** An event for order only, which costs less. */
  public CudaEvent createUntimedEvent() {
    return CudaEvent.create(this, CudaRuntime.cudaEventDisableTiming());
  }

  /** Whether a call has failed, so that no other will be made. */
  public boolean isPoisoned() {
    return poison.get() != null;
  }

  /** Whether {@link #close()} was called. */
  public boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    List<CudaResource> left;
    synchronized (open) {
      closed = true;
      left = new ArrayList<>(open).reversed();
    }
    // Work in flight may still use the memory that is freed next.
    for (CudaResource resource : left) {
      if (resource instanceof CudaStream stream) {
        stream.drain();
      }
    }
    left.forEach(CudaResource::close);
  }

  /**
   * Fails unless the context can be used; makes its device the current one of the calling thread.
   */
  void use() {
    if (closed) {
      throw new IllegalStateException("the CUDA context is closed");
    }
    CudaException first = poison.get();
    if (first != null) {
      throw new IllegalStateException(
          "the CUDA context has failed before: " + first.getMessage(), first);
    }
    check("cudaSetDevice", CurrentDevice.set(device.ordinal()));
  }

  /** Makes the device current for freeing; false where that fails, and nothing can be freed. */
  boolean makeCurrent() {
    return CurrentDevice.set(device.ordinal()) == CudaRuntime.cudaSuccess();
  }

  /**
   * Checks what a function returned.
   *
   * @param status a cudaError_t
   * @throws CudaException where it is not success
   */
  public void check(String function, int status) {
    check(function, status, 0);
  }

  void check(String function, int status, long requestedBytes) {
    if (status != CudaRuntime.cudaSuccess()) {
      throw poisoned(CudaStatus.failure(function, status, requestedBytes));
    }
  }

  /**
   * Checks what a function of cuBLAS returned.
   *
   * @param status a cublasStatus_t
   * @throws CudaException where it is not success
   */
  public void checkCublas(String function, int status) {
    if (status != CublasApi.CUBLAS_STATUS_SUCCESS()) {
      throw poisoned(CudaStatus.cublasFailure(function, status));
    }
  }

  /** Keeps the failure of a call that frees something: the next call reports it. */
  void note(String function, int status) {
    if (status != CudaRuntime.cudaSuccess()) {
      poisoned(CudaStatus.failure(function, status, 0));
    }
  }

  /** Keeps the failure of a cuBLAS call that frees something. */
  public void noteCublas(String function, int status) {
    if (status != CublasApi.CUBLAS_STATUS_SUCCESS()) {
      poisoned(CudaStatus.cublasFailure(function, status));
    }
  }

  private CudaException poisoned(CudaException failure) {
    if (!(failure instanceof CudaOutOfMemoryException)) {
      poison.compareAndSet(null, failure);
    }
    return failure;
  }

  /**
   * Takes over a resource that was just made; frees it at once where the context is closed.
   *
   * @throws IllegalStateException where the context is closed
   */
  public <T extends CudaResource> T register(T resource) {
    boolean taken;
    synchronized (open) {
      taken = !closed && open.add(resource);
    }
    if (!taken) {
      resource.close();
      throw new IllegalStateException("the CUDA context is closed");
    }
    return resource;
  }

  void unregister(CudaResource resource) {
    synchronized (open) {
      open.remove(resource);
    }
  }

  /**
   * How many of the context's resources have been closed. While it stays the same, a graph need not
   * check again that what it uses is open.
   */
  long closings() {
    return closings.get();
  }

  void countClosing() {
    closings.incrementAndGet();
  }

  void added(CudaMemoryKind kind, long bytes) {
    counter(kind).addAndGet(bytes);
    listener.added(kind, bytes);
  }

  void removed(CudaMemoryKind kind, long bytes) {
    counter(kind).addAndGet(-bytes);
    listener.removed(kind, bytes);
  }

  private AtomicLong counter(CudaMemoryKind kind) {
    return switch (kind) {
      case DEVICE -> deviceBytes;
      case PINNED -> pinnedBytes;
    };
  }

  private MemoryInfo memoryInfo() {
    use();
    MemoryInfo memory = MemoryInfo.read();
    check("cudaMemGetInfo", memory.status());
    return memory;
  }
}
