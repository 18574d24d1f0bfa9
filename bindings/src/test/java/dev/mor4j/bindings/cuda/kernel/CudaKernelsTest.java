package dev.mor4j.bindings.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.EmulatedDevice;
import dev.mor4j.bindings.cuda.status.CudaException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/**
 * Every launcher gets its arguments where it looks for them; how well it computes is checked in
 * native/test.
 */
class CudaKernelsTest extends CudaKernelFixture {
  @Test
  void embedGatherCopyAndAdd() {
    DeviceMemory table = floats(1, 2, 3, 4, 5, 6, 7, 8);
    DeviceMemory x = floats(0, 0, -1, -1, 0, 0);
    CudaKernels.embed(stream, rows, matrix(table, 4, 2), ints(3, 9, 1).address(), x.address());
    assertThat(floats(x)).containsExactly(7, 8, -1, -1, 3, 4);
    DeviceMemory y = floats(0, 0, 0, 0, -5, -5);
    CudaKernels.gather(stream, rows, x.address(), y.address(), 2);
    assertThat(floats(y)).containsExactly(3, 4, 7, 8, -5, -5);
    DeviceMemory to = floats(0, 0, 0, 0, 0, 0);
    CudaKernels.copyRows(stream, rows, x.address(), to.address(), 2);
    assertThat(floats(to)).containsExactly(7, 8, 0, 0, 3, 4);
    CudaKernels.addGated(stream, rows, to.address(), x.address(), floats(10, 1, 0).address(), 2);
    assertThat(floats(to)).containsExactly(77, 88, 0, 0, 3, 4);
  }

  @Test
  void rmsNormWithResidualAndIndexed() {
    DeviceMemory y = floats(1, 2, 3, 4, 5, 6);
    DeviceMemory out = floats(9, 9, 9, 9, 9, 9);
    DeviceMemory weight = floats(1, 10);
    CudaKernels.rmsNorm(
        stream,
        new RmsNorm(
            rows,
            y.address(),
            floats(2, 2, 0, 0, 0, 0).address(),
            weight.address(),
            out.address(),
            2,
            0f,
            CudaType.F32,
            false));
    assertThat(floats(y)).containsExactly(3, 4, 3, 4, 5, 6);
    float rms = (float) Math.sqrt(12.5);
    assertThat(floats(out))
        .containsExactly(new float[] {3 / rms, 40 / rms, 3 / rms, 40 / rms, 9, 9}, within(1e-4f));
    CudaKernels.rmsNorm(
        stream,
        new RmsNorm(
            rows, y.address(), 0, weight.address(), out.address(), 2, 12.5f, CudaType.F32, true));
    float wide = (float) Math.sqrt(30.5 + 12.5);
    assertThat(floats(out))
        .containsExactly(new float[] {5 / wide, 60 / wide, 0.6f, 8, 9, 9}, within(1e-4f));
  }

  @Test
  void siluMulAndProject() {
    DeviceMemory out = floats(0, 0, 0);
    CudaKernels.siluMul(
        stream, rows, floats(1, 2, -1, 3, 0, 0).address(), out.address(), 1, CudaType.F32);
    assertThat(floats(out)).containsExactly(new float[] {1.462117f, -0.806824f, 0}, within(1e-5f));
    DeviceMatrix weights = matrix(floats(1, 2, 3, 4), 2, 2);
    DeviceMemory product = floats(1, 1, 7, 1, 1, 7, 1, 1, 7);
    DeviceMemory input = floats(1, 0, 0, 1, 5, 5);
    CudaKernels.project(
        stream,
        new Projection(
            rows,
            weights,
            input.address(),
            0,
            product.address(),
            3,
            0f,
            Epilogue.ADD_F32,
            CudaType.F32,
            false));
    assertThat(floats(product)).containsExactly(2, 4, 7, 3, 5, 7, 1, 1, 7);
    CudaKernels.project(
        stream,
        new Projection(
            rows,
            weights,
            input.address(),
            floats(1, 2).address(),
            product.address(),
            3,
            0f,
            Epilogue.STORE,
            CudaType.F32,
            true));
    float one = (float) Math.sqrt(2);
    assertThat(floats(product))
        .containsExactly(new float[] {5, 11, 7, one, 3 * one, 7, 1, 1, 7}, within(1e-4f));
  }

  @Test
  void dequantize() {
    DeviceMemory scales = EmulatedDevice.bytes(stream, MemorySegment.ofArray(new short[] {0x3f00}));
    DeviceMemory out = floats(0, 0, 0);
    CudaKernels.dequantize(
        stream,
        new DeviceMatrix(bytes(2, -4, 127).address(), scales.address(), 1, 3, CudaType.INT8),
        out.address(),
        CudaType.F32);
    assertThat(floats(out)).containsExactly(1, -2, 63.5f);
  }

  @Test
  void ropeAppendAndAttend() {
    // One layer, NH 2, NKV 1, DH 2, float32: keys then values of 32 tokens.
    DeviceMemory page = context.allocate(2 * 32 * 2 * Float.BYTES);
    stream.fill(page, 0, (byte) 0, page.byteSize());
    DeviceMemory tables =
        EmulatedDevice.bytes(stream, MemorySegment.ofArray(new long[] {0, page.address()}));
    DeviceRows one = new DeviceRows(ints(2).address(), ints(1).address(), 1);
    DeviceMemory kv;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocate(3 * DeviceKvRow.BYTES, 8);
      DeviceKvRow.write(array, 2, 1, -1, -1, 0, 1);
      kv = EmulatedDevice.bytes(stream, array);
    }
    DeviceCache cache =
        new DeviceCache(
            kv.address(), tables.address(), 0, 0, CudaKvMode.APPEND, CudaKvType.F32, 2, 1, 2, 32);
    DeviceMemory qkv = floats(1, 0, 0, 1, 5, 6, 7, 8);
    CudaKernels.ropeAppend(
        stream,
        new RopeAppend(
            one,
            cache,
            qkv.address(),
            ints(0, 0, 3).address(),
            floats(0.5f).address(),
            CudaType.F32));
    float cos = (float) Math.cos(1.5);
    float sin = (float) Math.sin(1.5);
    float[] turned = floats(qkv);
    assertThat(turned[0]).isEqualTo(cos, within(1e-5f));
    assertThat(turned[1]).isEqualTo(sin, within(1e-5f));
    assertThat(turned[2]).isEqualTo(-sin, within(1e-5f));
    assertThat(turned[3]).isEqualTo(cos, within(1e-5f));
    DeviceMemory out = floats(0, 0, 0, 0);
    DeviceMemory partials = context.allocate(Float.BYTES * CudaKernels.partialFloats(1, 2, 2, 2));
    CudaKernels.attendDecode(
        stream,
        new Attention(
            one,
            cache,
            qkv.address(),
            out.address(),
            partials.address(),
            ints(0, 0).address(),
            2,
            CudaType.F32,
            0,
            0,
            0,
            0));
    assertThat(floats(out)).containsExactly(7, 8, 7, 8);
    DeviceMemory again = floats(0, 0, 0, 0);
    CudaKernels.attendPrefill(
        stream,
        new Attention(
            one, cache, qkv.address(), again.address(), 0, 0, 1, CudaType.F32, 0, 0, 0, 0));
    assertThat(floats(again)).containsExactly(7, 8, 7, 8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CudaKernels.partialFloats(1, 2, 2, 65))
        .withMessageContaining("65 splits");
  }

  @Test
  void sample() {
    DeviceMemory sampling;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocate(3 * DeviceSampling.BYTES, 8);
      DeviceSampling.write(array, 0, 0.5, 0f, 1f, 0f, 0);
      DeviceSampling.write(array, 1, 0.9, 1f, 1f, 0f, 2);
      DeviceSampling.write(array, 2, 0.5, 0f, 1f, 0f, 0);
      sampling = EmulatedDevice.bytes(stream, array);
    }
    DeviceMemory tokens = ints(-7, -7, -7);
    CudaKernels.sample(
        stream,
        rows,
        floats(1, 3, 2, 0, 5, 4, 5, 0, 0, 0, 0, 0).address(),
        sampling.address(),
        tokens.address(),
        4);
    assertThat(ints(tokens)).containsExactly(1, 2, -7);
  }

  @Test
  void anArgumentOutOfRangeIsTold() {
    DeviceMemory data = floats(1, 2);
    assertThatExceptionOfType(CudaException.class)
        .isThrownBy(() -> CudaKernels.gather(stream, rows, data.address(), data.address(), -1))
        .withMessageContaining("mor4j_cuda_gather")
        .withMessageContaining("cudaErrorInvalidValue");
    assertThat(context.isPoisoned()).isTrue();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DeviceMatrix(data.address(), 0, 1, 2, CudaType.INT8));
  }

  @Test
  void entriesLieWhereTheHeaderSays() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment kv = arena.allocate(2 * DeviceKvRow.BYTES, 8);
      DeviceKvRow.write(kv, 1, 11, 12, 13, 14, 15);
      assertThat(DeviceKvRow.BYTES).isEqualTo(32);
      assertThat(kv.asSlice(32, 24).toArray(ValueLayout.JAVA_LONG)).containsExactly(11, 12, 13);
      assertThat(kv.asSlice(56, 8).toArray(ValueLayout.JAVA_INT)).containsExactly(14, 15);
      assertThat(DeviceSampling.BYTES).isEqualTo(32);
      MemorySegment router = arena.allocate(DeviceRouter.BYTES, 8);
      DeviceRouter.write(router, 0, 21, 22, 23, 24, 25f, true);
      assertThat(router.asSlice(0, 16).toArray(ValueLayout.JAVA_LONG)).containsExactly(21, 22);
      assertThat(router.get(ValueLayout.JAVA_INT, 16)).isEqualTo(23);
      assertThat(router.get(ValueLayout.JAVA_INT, 20)).isEqualTo(24);
      assertThat(router.get(ValueLayout.JAVA_FLOAT, 24)).isEqualTo(25f);
      assertThat(router.get(ValueLayout.JAVA_INT, 28)).isEqualTo(1);
    }
  }
}
