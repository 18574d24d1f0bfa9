package dev.mor4j.bindings.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mor4j.bindings.cuda.kernel.CudaKernels;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import dev.mor4j.bindings.cuda.status.CudaException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Copies, order, events and graphs. */
class CudaStreamTest {
  private CudaContext context;
  private CudaStream stream;

  @BeforeEach
  void open() {
    EmulatedDevice.require();
    context = new CudaContext(0);
    stream = context.createStream();
  }

  @AfterEach
  void close() {
    EmulatedDevice.reset();
    context.close();
    assertThat(EmulatedDevice.liveAllocations()).isZero();
  }

  private static DeviceView floats(DeviceMemory memory) {
    return DeviceView.of(memory, Element.F32);
  }

  private static DeviceRows rows(DeviceMemory list, DeviceMemory count, int states) {
    DeviceView rows = DeviceView.of(list, Element.INT32);
    return new DeviceRows(
        rows, DeviceView.of(count, Element.INT32), Math.toIntExact(rows.count()), states);
  }

  @Test
  void copiesPartsThereAndBack() {
    PinnedMemory host = context.allocatePinned(8);
    DeviceMemory first = context.allocate(8);
    DeviceMemory second = context.allocate(8);
    for (int i = 0; i < 8; i++) {
      host.segment().set(ValueLayout.JAVA_BYTE, i, (byte) (i + 1));
    }
    stream.fill(first, 0, (byte) 0x55, 8);
    stream.fill(DeviceView.of(second, Element.UINT8), (byte) 0x66);
    stream.copyToDevice(host, 2, first, 1, 4);
    stream.copyToDevice(host, 7, first, 7, 1);
    stream.copyOnDevice(first, 1, second, 3, 3);
    stream.copyOnDevice(first, 7, second, 0, 1);
    assertThat(EmulatedDevice.bytes(stream, first))
        .containsExactly(0x55, 3, 4, 5, 6, 0x55, 0x55, 8);
    stream.copyToHost(second, 3, host, 0, 3);
    stream.copyToHost(DeviceView.of(second, Element.UINT8), 1, host, 7);
    stream.synchronize();
    assertThat(host.segment().toArray(ValueLayout.JAVA_BYTE))
        .containsExactly(3, 4, 5, 4, 5, 6, 7, 8);
    assertThat(EmulatedDevice.bytes(stream, second))
        .containsExactly(8, 0x66, 0x66, 3, 4, 5, 0x66, 0x66);
  }

  @Test
  void refusesCopiesOutOfBounds() {
    PinnedMemory host = context.allocatePinned(8);
    DeviceMemory device = context.allocate(8);
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> stream.copyToDevice(host, 0, device, 1, 8))
        .withMessageContaining("device memory");
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> stream.copyToDevice(host, 1, device, 0, 8))
        .withMessageContaining("pinned memory");
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> stream.copyToHost(device, -1, host, 0, 1));
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> stream.copyOnDevice(device, 0, device, 8, 1));
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> stream.fill(device, 1, (byte) 0, Long.MAX_VALUE));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> device.address(9));
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> stream.copyToHost(DeviceView.of(device, Element.INT32), 3, host, 0))
        .withMessageContaining("a view of INT32");
    assertThatIllegalArgumentException().isThrownBy(() -> context.allocate(0));
    assertThatIllegalArgumentException().isThrownBy(() -> context.allocatePinned(-1));
    assertThat(context.isPoisoned()).isFalse();
  }

  @Test
  void workIsDoneLaterThanItIsEnqueued() {
    PinnedMemory host = context.allocatePinned(4);
    DeviceMemory device = context.allocate(4);
    host.segment().set(ValueLayout.JAVA_INT, 0, 1);
    CudaEvent copied = context.createUntimedEvent();
    assertThat(copied.isDone()).isTrue();
    stream.copyToDevice(host, 0, device, 0, 4);
    stream.record(copied);
    host.segment().set(ValueLayout.JAVA_INT, 0, 2);
    copied.await();
    assertThat(copied.isDone()).isTrue();
    assertThat(EmulatedDevice.ints(stream, device)).containsExactly(2);
  }

  @Test
  void anEventThatIsNotReadyIsNoFailure() {
    DeviceMemory memory = EmulatedDevice.floats(stream, 1);
    DeviceMemory target = EmulatedDevice.floats(stream, 0);
    DeviceMemory zero = EmulatedDevice.ints(stream, 0);
    DeviceMemory one = EmulatedDevice.ints(stream, 1);
    DeviceRows pass = rows(zero, one, 1);
    CudaEvent event = context.createUntimedEvent();
    stream.fill(target, 0, (byte) 1, 4);
    stream.record(event);
    assertThat(event.isDone()).isFalse();
    CudaKernels.gather(stream, pass, floats(memory), floats(target), 1);
    assertThat(EmulatedDevice.floats(stream, target)).containsExactly(1);
    assertThat(event.isDone()).isTrue();
  }

  @Test
  void pinnedMemoryWaitsForItsCopies() {
    DeviceMemory device = context.allocate(4);
    PinnedMemory host = context.allocatePinned(4);
    host.segment().set(ValueLayout.JAVA_INT, 0, 42);
    stream.copyToDevice(host, 0, device, 0, 4);
    host.close();
    assertThat(EmulatedDevice.ints(stream, device)).containsExactly(42);
  }

  @Test
  void oneStreamWaitsForAnother() {
    CudaStream other = context.createStream();
    DeviceMemory device = context.allocate(1);
    PinnedMemory host = context.allocatePinned(1);
    CudaEvent filled = context.createEvent();
    stream.fill(device, 0, (byte) 9, 1);
    stream.record(filled);
    other.waitFor(filled);
    other.copyToHost(device, 0, host, 0, 1);
    other.synchronize();
    assertThat(host.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 9);
  }

  @Test
  void timePassesBetweenEvents() {
    CudaEvent start = context.createEvent();
    CudaEvent end = context.createEvent();
    DeviceMemory device = context.allocate(1 << 20);
    stream.record(start);
    stream.fill(device, 0, (byte) 9, 1 << 20);
    stream.record(end);
    assertThat(end.millisecondsSince(start)).isNotNegative();
  }

  @Test
  void aGraphRepeatsWhatWasCaptured() {
    DeviceMemory rows = EmulatedDevice.ints(stream, 2, 0);
    DeviceMemory count = EmulatedDevice.ints(stream, 2);
    DeviceMemory from = EmulatedDevice.floats(stream, 1, 2, 3, 4, 5, 6);
    DeviceMemory to = EmulatedDevice.floats(stream, 0, 0, 0, 0, 0, 0);
    DeviceMemory copy = context.allocate(to.byteSize());
    DeviceRows pass = rows(rows, count, 3);
    long launches = EmulatedDevice.launches();
    CudaGraph graph =
        stream.capture(
            () -> {
              assertThat(stream.isCapturing()).isTrue();
              CudaKernels.copyRows(stream, pass, floats(from), floats(to), 2);
              stream.copyOnDevice(to, 0, copy, 0, to.byteSize());
              stream.fill(to, 0, (byte) 0, 4);
            });
    assertThat(stream.isCapturing()).isFalse();
    assertThat(graph.nodeCount()).isEqualTo(3);
    stream.synchronize();
    assertThat(EmulatedDevice.launches()).isEqualTo(launches);
    assertThat(EmulatedDevice.floats(stream, to)).containsOnly(0);
    graph.launch(stream);
    assertThat(EmulatedDevice.launches()).isEqualTo(launches);
    stream.synchronize();
    assertThat(EmulatedDevice.launches()).isEqualTo(launches + 1);
    assertThat(EmulatedDevice.floats(stream, copy)).containsExactly(1, 2, 0, 0, 5, 6);
    assertThat(EmulatedDevice.floats(stream, to)).containsExactly(0, 2, 0, 0, 5, 6);
    graph.launch(stream);
    graph.launch(stream);
    stream.synchronize();
    assertThat(EmulatedDevice.launches()).isEqualTo(launches + 3);
  }

  /**
   * Each kind of memory that the work of a graph may use, and what closing it makes of a launch.
   */
  @Test
  void aGraphWhoseMemoryIsClosedIsNotLaunched() {
    for (int which = 0; which < 4; which++) {
      int closed = which;
      DeviceMemory from = EmulatedDevice.floats(stream, 1, 2);
      DeviceMemory to = EmulatedDevice.floats(stream, 0, 0);
      DeviceMemory copy = context.allocate(8);
      PinnedMemory host = context.allocatePinned(8);
      DeviceRows pass = rows(EmulatedDevice.ints(stream, 0), EmulatedDevice.ints(stream, 1), 1);
      CudaGraph graph =
          stream.capture(
              () -> {
                CudaKernels.copyRows(stream, pass, floats(from), floats(to), 2);
                stream.copyOnDevice(to, 0, copy, 0, 8);
                stream.copyToHost(copy, 0, host, 0, 8);
              });
      graph.launch(stream);
      stream.synchronize();
      assertThat(host.segment().get(ValueLayout.JAVA_FLOAT, 4)).isEqualTo(2);
      // What has nothing to do with the graph may go.
      context.allocate(8).close();
      graph.launch(stream);
      stream.synchronize();
      CudaResource[] used = {from, pass.list().owner(), copy, host};
      used[closed].close();
      long launches = EmulatedDevice.launches();
      for (int again = 0; again < 2; again++) {
        assertThatIllegalStateException()
            .isThrownBy(() -> graph.launch(stream))
            .withMessage(
                "the CUDA graph uses "
                    + (closed == 3 ? "pinned memory" : "device memory")
                    + " that is closed");
      }
      stream.synchronize();
      assertThat(EmulatedDevice.launches()).isEqualTo(launches);
      assertThat(context.isPoisoned()).isFalse();
    }
  }

  @Test
  void aGraphWhoseMemoryIsClosedBeforeItsFirstLaunchIsNotLaunched() {
    DeviceMemory memory = context.allocate(8);
    CudaGraph graph = stream.capture(() -> stream.fill(memory, 0, (byte) 1, 8));
    memory.close();
    assertThatIllegalStateException().isThrownBy(() -> graph.launch(stream));
    // A capture that failed leaves nothing of what it used to the next one.
    DeviceMemory gone = context.allocate(8);
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(
            () ->
                stream.capture(
                    () -> {
                      stream.fill(gone, 0, (byte) 1, 8);
                      throw new UnsupportedOperationException();
                    }));
    DeviceMemory kept = EmulatedDevice.ints(stream, 5);
    CudaGraph next = stream.capture(() -> stream.fill(kept, 0, (byte) 0, 4));
    gone.close();
    next.launch(stream);
    assertThat(EmulatedDevice.ints(stream, kept)).containsExactly(0);
  }

  @Test
  void aCaptureThatThrowsLeavesNothingBehind() {
    DeviceMemory device = EmulatedDevice.ints(stream, 5);
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(
            () ->
                stream.capture(
                    () -> {
                      stream.fill(device, 0, (byte) 0, 4);
                      throw new UnsupportedOperationException();
                    }));
    assertThat(stream.isCapturing()).isFalse();
    stream.synchronize();
    assertThat(EmulatedDevice.ints(stream, device)).containsExactly(5);
  }

  @Test
  void whileCapturingNothingWaits() {
    DeviceMemory device = context.allocate(4);
    CudaUpload upload = new CudaUpload(stream, 16);
    CudaGraph graph =
        stream.capture(
            () -> {
              assertThatIllegalStateException().isThrownBy(stream::synchronize);
              assertThatIllegalStateException().isThrownBy(() -> stream.capture(() -> {}));
              assertThatIllegalStateException()
                  .isThrownBy(() -> upload.copy(MemorySegment.ofArray(new int[1]), device, 0));
              stream.fill(device, 0, (byte) 1, 4);
            });
    assertThat(graph.nodeCount()).isEqualTo(1);
    assertThat(context.isPoisoned()).isFalse();
  }

  @Test
  void aFailureOnTheDeviceShowsWhenWaiting() {
    DeviceMemory count = EmulatedDevice.ints(stream, 1);
    DeviceMemory memory = EmulatedDevice.floats(stream, 1);
    DeviceRows pass = rows(count, count, 1);
    EmulatedDevice.failNext("execute", EmulatedDevice.ILLEGAL_ADDRESS);
    CudaKernels.gather(stream, pass, floats(memory), floats(memory), 1);
    assertThatExceptionOfType(CudaException.class)
        .isThrownBy(stream::synchronize)
        .withMessageContaining("cudaErrorIllegalAddress");
    assertThatIllegalStateException().isThrownBy(stream::synchronize);
  }

  @Test
  void uploadsAnyHostMemoryInPieces() {
    byte[] expected = new byte[1001];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (byte) (i * 31);
    }
    DeviceMemory device = context.allocate(1003);
    stream.fill(device, 0, (byte) 0x44, 1003);
    try (CudaUpload upload = new CudaUpload(stream, 100);
        Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(expected.length);
      source.copyFrom(MemorySegment.ofArray(expected));
      upload.copy(source, device, 1);
      source.fill((byte) 0);
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> upload.copy(source, device, 3));
    }
    byte[] found = EmulatedDevice.bytes(stream, device);
    assertThat(found[0]).isEqualTo((byte) 0x44);
    assertThat(found[1002]).isEqualTo((byte) 0x44);
    assertThat(Arrays.copyOfRange(found, 1, 1002)).isEqualTo(expected);
    assertThat(context.pinnedBytes()).isZero();
  }
}
