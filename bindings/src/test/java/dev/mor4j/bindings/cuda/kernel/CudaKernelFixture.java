package dev.mor4j.bindings.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.EmulatedDevice;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A pass of the state rows 2 and 0 of three, in a bucket of three, on the emulated device. */
abstract class CudaKernelFixture {
  CudaContext context;
  CudaStream stream;
  DeviceRows rows;

  @BeforeEach
  void open() {
    EmulatedDevice.require();
    context = new CudaContext(0);
    stream = context.createStream();
    rows = new DeviceRows(ints(2, 0, 1), ints(2), 3, 3);
  }

  @AfterEach
  void close() {
    EmulatedDevice.reset();
    context.close();
    assertThat(EmulatedDevice.liveAllocations()).isZero();
  }

  /** Device memory with the values of {@code array}. */
  final DeviceView view(Element element, MemorySegment array) {
    return DeviceView.of(EmulatedDevice.bytes(stream, array), element);
  }

  final DeviceView ints(int... values) {
    return view(Element.INT32, MemorySegment.ofArray(values));
  }

  final DeviceView uints(int... values) {
    return view(Element.UINT32, MemorySegment.ofArray(values));
  }

  final DeviceView floats(float... values) {
    return view(Element.F32, MemorySegment.ofArray(values));
  }

  final DeviceView doubles(double... values) {
    return view(Element.F64, MemorySegment.ofArray(values));
  }

  final DeviceView bytes(Element element, int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return view(element, MemorySegment.ofArray(bytes));
  }

  final float[] floats(DeviceView view) {
    return EmulatedDevice.floats(stream, view.owner());
  }

  final int[] ints(DeviceView view) {
    return EmulatedDevice.ints(stream, view.owner());
  }

  final byte[] bytes(DeviceView view) {
    return EmulatedDevice.bytes(stream, view.owner());
  }

  static DeviceMatrix matrix(DeviceView data, long rows, long cols) {
    return DeviceMatrix.of(data, rows, cols);
  }
}
