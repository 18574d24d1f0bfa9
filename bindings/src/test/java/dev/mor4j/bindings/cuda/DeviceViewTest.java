package dev.mor4j.bindings.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a view may be of, and what the check before a launch says. */
class DeviceViewTest {
  private CudaContext context;
  private CudaStream stream;
  private Operation operation;

  @BeforeEach
  void open() {
    EmulatedDevice.require();
    context = new CudaContext(0);
    stream = context.createStream();
    operation = new Operation(stream, "mor4j_cuda_decide_expert");
  }

  @AfterEach
  void close() {
    context.close();
    assertThat(EmulatedDevice.liveAllocations()).isZero();
  }

  @Test
  void aViewIsAnAlignedStretchOfWholeElements() {
    DeviceMemory memory = context.allocate(100);
    assertThat(DeviceView.of(memory, Element.F64).count()).isEqualTo(12);
    assertThat(DeviceView.of(memory, Element.KV_ROW).bytes()).isEqualTo(96);
    assertThat(new DeviceView(memory, 96, 4, Element.INT32).count()).isEqualTo(1);
    assertThat(new DeviceView(memory, 96, 0, Element.INT32).count()).isZero();
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> new DeviceView(memory, 96, 8, Element.INT32));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DeviceView(memory, 8, 8, Element.INT32))
        .withMessageContaining("from byte 8 on, expected a multiple of 16");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DeviceView(memory, 16, 10, Element.INT32))
        .withMessageContaining("10 bytes, expected a multiple of 4");
  }

  @Test
  void aSliceIsAPart() {
    DeviceView all = DeviceView.of(context.allocate(64), Element.F32);
    assertThat(all.slice(4, 12)).isEqualTo(new DeviceView(all.owner(), 16, 48, Element.F32));
    assertThatExceptionOfType(IndexOutOfBoundsException.class)
        .isThrownBy(() -> all.slice(8, 9))
        .withMessageContaining("a view of F32");
    assertThatIllegalArgumentException().isThrownBy(() -> all.slice(1, 4));
  }

  @Test
  void aPointerIsThatOfTheFirstElement() {
    DeviceMemory memory = context.allocate(64);
    DeviceView part = new DeviceView(memory, 16, 32, Element.F64);
    MemorySegment pointer = part.pointer(operation, "thresholds", Element.F64, 4);
    assertThat(pointer.address()).isEqualTo(memory.address() + 16);
    assertThat(pointer.byteSize()).isZero();
  }

  @Test
  void messagesNameTheOperationTheArgumentAndBothSizes() {
    DeviceView view = DeviceView.of(context.allocate(256), Element.F64);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> view.pointer(operation, "thresholds", Element.F64, 64))
        .withMessage(
            "mor4j_cuda_decide_expert: thresholds is 32 × F64 (256 bytes), expected 64 × F64");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> view.pointer(operation.in("part"), "gates", Element.F32, 32))
        .withMessage(
            "mor4j_cuda_decide_expert: part.gates is 32 × F64 (256 bytes), expected 32 × F32");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> view.pointer(operation, "thresholds", Element.F64, -1))
        .withMessageContaining("expected -1 × F64, which is no size");
    try (CudaContext other = new CudaContext(0)) {
      DeviceView foreign = DeviceView.of(other.allocate(8), Element.F64);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> foreign.pointer(operation, "thresholds", Element.F64, 1))
          .withMessage(
              "mor4j_cuda_decide_expert: thresholds is device memory of another context than the"
                  + " stream");
    }
    view.owner().close();
    assertThatIllegalStateException()
        .isThrownBy(() -> view.pointer(operation, "thresholds", Element.F64, 32))
        .withMessage("mor4j_cuda_decide_expert: thresholds is device memory that is closed");
    assertThatIllegalStateException()
        .isThrownBy(() -> view.pointer("a table: w1", Element.F64, 32))
        .withMessage("a table: w1 is device memory that is closed");
  }
}
