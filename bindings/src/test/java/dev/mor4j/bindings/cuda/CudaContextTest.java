package dev.mor4j.bindings.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mor4j.bindings.cuda.library.CudaLibraries;
import dev.mor4j.bindings.cuda.status.CudaException;
import dev.mor4j.bindings.cuda.status.CudaOutOfMemoryException;
import java.lang.foreign.ValueLayout;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Whose memory it is, what is counted, and what becomes of failures. */
class CudaContextTest {
  /** Counts as an owner would. */
  private static final class Counting implements CudaMemoryListener {
    private final Map<CudaMemoryKind, Long> bytes = new EnumMap<>(CudaMemoryKind.class);

    @Override
    public void added(CudaMemoryKind kind, long added) {
      bytes.merge(kind, added, Long::sum);
    }

    @Override
    public void removed(CudaMemoryKind kind, long removed) {
      bytes.merge(kind, -removed, Long::sum);
    }
  }

  private final Counting counting = new Counting();
  private CudaContext context;

  @BeforeEach
  void open() {
    EmulatedDevice.require();
    context = new CudaContext(0, counting);
  }

  @AfterEach
  void close() {
    EmulatedDevice.reset();
    EmulatedDevice.memoryLimit(0);
    context.close();
    assertThat(EmulatedDevice.liveAllocations()).isZero();
  }

  @Test
  void tellsWhatTheDeviceIs() {
    CudaDevice device = context.device();
    assertThat(device.name()).isNotBlank();
    assertThat(device.computeCapability()).matches("\\d+\\.\\d+");
    assertThat(device.multiprocessors()).isPositive();
    assertThat(device.totalBytes()).isEqualTo(context.totalBytes()).isPositive();
    assertThat(CudaContext.devices()).first().isEqualTo(device);
    assertThat(context.runtimeVersion()).isGreaterThanOrEqualTo(13000);
    assertThat(context.driverVersion()).isGreaterThanOrEqualTo(13000);
  }

  @Test
  void refusesADeviceThatIsNotThere() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CudaContext(CudaLibraries.instance().deviceCount()))
        .withMessageContaining("CUDA devices");
    assertThatIllegalArgumentException().isThrownBy(() -> new CudaContext(-1));
  }

  @Test
  void refusesADeviceThatIsTooOld() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> CudaContext.requireKernels(new CudaDevice(1, "Tesla T4", 7, 5, 40, 16L << 30)))
        .withMessage("device 1 is Tesla T4 of compute capability 7.5, expected 8.0 or newer");
    CudaContext.requireKernels(new CudaDevice(0, "NVIDIA A100", 8, 0, 108, 40L << 30));
  }

  @Test
  void countsBytesAndFreesThemOnce() {
    long free = context.freeBytes();
    DeviceMemory device = context.allocate(1000);
    PinnedMemory pinned = context.allocatePinned(300);
    assertThat(counting.bytes)
        .containsEntry(CudaMemoryKind.DEVICE, 1000L)
        .containsEntry(CudaMemoryKind.PINNED, 300L);
    assertThat(context.deviceBytes()).isEqualTo(1000);
    assertThat(context.pinnedBytes()).isEqualTo(300);
    assertThat(free - context.freeBytes()).isEqualTo(1000);
    device.close();
    device.close();
    pinned.close();
    pinned.close();
    assertThat(context.freeBytes()).isEqualTo(free);
    assertThat(counting.bytes.values()).containsOnly(0L);
    assertThat(context.deviceBytes() + context.pinnedBytes()).isZero();
  }

  @Test
  void closingTheContextFreesWhatIsLeft() {
    CudaStream stream = context.createStream();
    DeviceMemory device = context.allocate(64);
    PinnedMemory pinned = context.allocatePinned(64);
    CudaEvent event = context.createEvent();
    stream.copyToDevice(pinned, 0, device, 0, 64);
    context.close();
    context.close();
    assertThat(context.isClosed()).isTrue();
    assertThat(stream.isOpen() || device.isOpen() || pinned.isOpen() || event.isOpen()).isFalse();
    assertThat(counting.bytes.values()).containsOnly(0L);
    assertThat(EmulatedDevice.liveAllocations()).isZero();
    assertThatIllegalStateException().isThrownBy(() -> context.allocate(1));
    assertThatIllegalStateException().isThrownBy(context::freeBytes);
  }

  @Test
  void whatIsClosedCannotBeUsed() {
    DeviceMemory device = context.allocate(16);
    PinnedMemory pinned = context.allocatePinned(16);
    CudaStream stream = context.createStream();
    CudaEvent event = context.createEvent();
    CudaGraph graph = stream.capture(() -> stream.fill(device, 0, (byte) 1, 16));
    graph.close();
    assertThatIllegalStateException().isThrownBy(() -> graph.launch(stream));
    event.close();
    assertThatIllegalStateException().isThrownBy(() -> stream.record(event));
    assertThatIllegalStateException().isThrownBy(event::isDone);
    pinned.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> pinned.segment().get(ValueLayout.JAVA_BYTE, 0));
    assertThatIllegalStateException()
        .isThrownBy(() -> stream.copyToDevice(pinned, 0, device, 0, 16));
    device.close();
    assertThatIllegalStateException().isThrownBy(device::address);
    assertThatIllegalStateException().isThrownBy(() -> stream.fill(device, 0, (byte) 0, 1));
    stream.close();
    assertThatIllegalStateException().isThrownBy(stream::synchronize);
    assertThat(context.isPoisoned()).isFalse();
  }

  @Test
  void memoryThatIsNotThereIsToldAndForgotten() {
    EmulatedDevice.memoryLimit(10_000);
    DeviceMemory first = context.allocate(6_000);
    assertThatExceptionOfType(CudaOutOfMemoryException.class)
        .isThrownBy(() -> context.allocate(5_000))
        .satisfies(
            e -> {
              assertThat(e.function()).isEqualTo("cudaMalloc");
              assertThat(e.status()).isEqualTo(2);
              assertThat(e.name()).isEqualTo("cudaErrorMemoryAllocation");
              assertThat(e.requestedBytes()).isEqualTo(5_000);
              assertThat(e.freeBytes()).isEqualTo(4_000);
              assertThat(e.totalBytes()).isEqualTo(10_000);
            })
        .withMessageContaining("asked for 5000 bytes");
    assertThat(context.isPoisoned()).isFalse();
    assertThat(context.deviceBytes()).isEqualTo(6_000);
    first.close();
    context.allocate(9_000).close();
  }

  @Test
  void theFirstFailureIsTheAnswerToEveryLaterCall() {
    CudaStream stream = context.createStream();
    DeviceMemory device = context.allocate(16);
    EmulatedDevice.failNext("cudaMemsetAsync", EmulatedDevice.ILLEGAL_ADDRESS);
    assertThatExceptionOfType(CudaException.class)
        .isThrownBy(() -> stream.fill(device, 0, (byte) 1, 16))
        .satisfies(e -> assertThat(e.name()).isEqualTo("cudaErrorIllegalAddress"))
        .withMessageContaining("cudaMemsetAsync")
        .withMessageContaining("700");
    assertThat(context.isPoisoned()).isTrue();
    assertThatIllegalStateException()
        .isThrownBy(stream::synchronize)
        .withMessageContaining("cudaMemsetAsync")
        .withCauseInstanceOf(CudaException.class);
    assertThatIllegalStateException().isThrownBy(() -> context.allocate(1));
  }

  @Test
  void aFailureThatShowsWhenFreeingIsKept() {
    CudaEvent event = context.createEvent();
    EmulatedDevice.failNext("cudaEventDestroy", EmulatedDevice.INVALID_VALUE);
    event.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> context.allocate(1))
        .withMessageContaining("cudaEventDestroy");
  }

  @Test
  void worksOnAnyThread() throws InterruptedException {
    try (CudaStream stream = context.createStream();
        DeviceMemory device = context.allocate(4)) {
      for (Thread.Builder builder :
          new Thread.Builder[] {Thread.ofPlatform(), Thread.ofVirtual()}) {
        byte value = builder instanceof Thread.Builder.OfVirtual ? (byte) 7 : (byte) 5;
        builder.start(() -> stream.fill(device, 0, value, 4)).join();
        assertThat(EmulatedDevice.bytes(stream, device)).containsOnly(value);
      }
    }
  }

  @Test
  void doesNotMixContexts() {
    try (CudaContext other = new CudaContext(0);
        CudaStream stream = other.createStream();
        DeviceMemory device = context.allocate(4)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> stream.fill(device, 0, (byte) 1, 4))
          .withMessageContaining("another context");
    }
  }
}
