package dev.mor4j.bindings.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceMemory;
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
    rows = new DeviceRows(ints(2, 0, 1).address(), ints(2).address(), 3);
  }

  @AfterEach
  void close() {
    EmulatedDevice.reset();
    context.close();
    assertThat(EmulatedDevice.liveAllocations()).isZero();
  }

  final DeviceMemory ints(int... values) {
    return EmulatedDevice.ints(stream, values);
  }

  final DeviceMemory floats(float... values) {
    return EmulatedDevice.floats(stream, values);
  }

  final DeviceMemory bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return EmulatedDevice.bytes(stream, MemorySegment.ofArray(bytes));
  }

  final float[] floats(DeviceMemory memory) {
    return EmulatedDevice.floats(stream, memory);
  }

  final int[] ints(DeviceMemory memory) {
    return EmulatedDevice.ints(stream, memory);
  }

  final byte[] bytes(DeviceMemory memory) {
    return EmulatedDevice.bytes(stream, memory);
  }

  static DeviceMatrix matrix(DeviceMemory data, long rows, long cols) {
    return new DeviceMatrix(data.address(), 0, rows, cols, CudaType.F32);
  }
}
