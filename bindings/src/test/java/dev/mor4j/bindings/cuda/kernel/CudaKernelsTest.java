package dev.mor4j.bindings.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.status.CudaException;
import dev.mor4j.runtime.kv.KvMode;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Every launcher gets its arguments where it looks for them; how well it computes is checked in
 * native/test.
 */
class CudaKernelsTest extends CudaKernelFixture {
  @Test
  void embedGatherCopyAndAdd() {
    DeviceView table = floats(1, 2, 3, 4, 5, 6, 7, 8);
    DeviceView x = floats(0, 0, -1, -1, 0, 0);
    CudaKernels.embed(stream, rows, matrix(table, 4, 2), ints(3, 9, 1), x);
    assertThat(floats(x)).containsExactly(7, 8, -1, -1, 3, 4);
    DeviceView y = floats(0, 0, 0, 0, -5, -5);
    CudaKernels.gather(stream, rows, x, y, 2);
    assertThat(floats(y)).containsExactly(3, 4, 7, 8, -5, -5);
    DeviceView to = floats(0, 0, 0, 0, 0, 0);
    CudaKernels.copyRows(stream, rows, x, to, 2);
    assertThat(floats(to)).containsExactly(7, 8, 0, 0, 3, 4);
    CudaKernels.addGated(stream, rows, to, x, floats(10, 1, 0), 2);
    assertThat(floats(to)).containsExactly(77, 88, 0, 0, 3, 4);
  }

  @Test
  void rmsNormWithResidualAndIndexed() {
    DeviceView y = floats(1, 2, 3, 4, 5, 6);
    DeviceView out = floats(9, 9, 9, 9, 9, 9);
    DeviceView weight = floats(1, 10);
    CudaKernels.rmsNorm(
        stream,
        new RmsNorm(
            rows, y, Optional.of(floats(2, 2, 0, 0, 0, 0)), new Norm(weight, 0f), out, 2, false));
    assertThat(floats(y)).containsExactly(3, 4, 3, 4, 5, 6);
    float rms = (float) Math.sqrt(12.5);
    assertThat(floats(out))
        .containsExactly(new float[] {3 / rms, 40 / rms, 3 / rms, 40 / rms, 9, 9}, within(1e-4f));
    CudaKernels.rmsNorm(
        stream, new RmsNorm(rows, y, Optional.empty(), new Norm(weight, 12.5f), out, 2, true));
    float wide = (float) Math.sqrt(30.5 + 12.5);
    assertThat(floats(out))
        .containsExactly(new float[] {5 / wide, 60 / wide, 0.6f, 8, 9, 9}, within(1e-4f));
  }

  @Test
  void siluMulAndProject() {
    DeviceView out = floats(0, 0, 0);
    CudaKernels.siluMul(stream, rows, floats(1, 2, -1, 3, 0, 0), out, 1);
    assertThat(floats(out)).containsExactly(new float[] {1.462117f, -0.806824f, 0}, within(1e-5f));
    DeviceMatrix weights = matrix(floats(1, 2, 3, 4), 2, 2);
    DeviceView product = floats(1, 1, 7, 1, 1, 7, 1, 1, 7);
    DeviceView input = floats(1, 0, 0, 1, 5, 5);
    CudaKernels.project(
        stream,
        new Projection(
            rows,
            weights,
            new Projection.Input.Plain(input),
            new Projection.Output(product, 3, Epilogue.ADD_F32),
            CudaType.F32));
    assertThat(floats(product)).containsExactly(2, 4, 7, 3, 5, 7, 1, 1, 7);
    CudaKernels.project(
        stream,
        new Projection(
            rows,
            weights,
            new Projection.Input.Normed(input, new Norm(floats(1, 2), 0f), true),
            new Projection.Output(product, 3, Epilogue.STORE),
            CudaType.F32));
    float one = (float) Math.sqrt(2);
    assertThat(floats(product))
        .containsExactly(new float[] {5, 11, 7, one, 3 * one, 7, 1, 1, 7}, within(1e-4f));
  }

  @Test
  void dequantize() {
    DeviceView scales = view(Element.BF16, MemorySegment.ofArray(new short[] {0x3f00}));
    DeviceView out = floats(0, 0, 0);
    CudaKernels.dequantize(
        stream, new DeviceMatrix(bytes(Element.INT8, 2, -4, 127), Optional.of(scales), 1, 3), out);
    assertThat(floats(out)).containsExactly(1, -2, 63.5f);
  }

  @Test
  void ropeAppendAndAttend() {
    // One layer, NH 2, NKV 1, DH 2, float32: keys then values of 32 tokens.
    DeviceMemory page = context.allocate(2 * 32 * 2 * Float.BYTES);
    stream.fill(page, 0, (byte) 0, page.byteSize());
    DeviceView tables = view(Element.UINT64, MemorySegment.ofArray(new long[] {0, page.address()}));
    DeviceRows one = new DeviceRows(ints(2), ints(1), 1, 3);
    DeviceView kv;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocate(3 * DeviceKvRow.BYTES, 8);
      DeviceKvRow.write(array, 2, 1, -1, -1, 0, 1);
      kv = view(Element.KV_ROW, array);
    }
    DeviceCache cache =
        new DeviceCache(
            kv,
            tables,
            KvCacheType.F32,
            32,
            new DeviceCache.Place(0, 0, KvMode.APPEND),
            new DeviceCache.Heads(2, 1, 2));
    DeviceView qkv = floats(1, 0, 0, 1, 5, 6, 7, 8);
    Rotation rotation = new Rotation(ints(0, 0, 3), floats(0.5f));
    CudaKernels.ropeAppend(stream, new RopeAppend(one, cache, qkv, rotation));
    float cos = (float) Math.cos(1.5);
    float sin = (float) Math.sin(1.5);
    float[] turned = floats(qkv);
    assertThat(turned[0]).isEqualTo(cos, within(1e-5f));
    assertThat(turned[1]).isEqualTo(sin, within(1e-5f));
    assertThat(turned[2]).isEqualTo(-sin, within(1e-5f));
    assertThat(turned[3]).isEqualTo(cos, within(1e-5f));
    DeviceView out = floats(0, 0, 0, 0);
    DeviceView partials =
        DeviceView.of(
            context.allocate(Float.BYTES * CudaKernels.partialFloats(1, 2, 2, 2)), Element.F32);
    CudaKernels.attendDecode(
        stream,
        new Attention(one, cache, qkv, out, Optional.empty()),
        Optional.of(new Attention.Split(partials, uints(0, 0), 2)),
        Optional.empty());
    assertThat(floats(out)).containsExactly(7, 8, 7, 8);
    DeviceView again = floats(0, 0, 0, 0);
    CudaKernels.attendPrefill(stream, new Attention(one, cache, qkv, again, Optional.empty()));
    assertThat(floats(again)).containsExactly(7, 8, 7, 8);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CudaKernels.partialFloats(1, 2, 2, 65))
        .withMessageContaining("65 splits");
  }

  @Test
  void sample() {
    DeviceView sampling;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocate(3 * DeviceSampling.BYTES, 8);
      DeviceSampling.write(array, 0, 1, 0, 1, Double.NEGATIVE_INFINITY, 0);
      DeviceSampling.write(array, 1, 1, 1, 1, Double.NEGATIVE_INFINITY, 2);
      DeviceSampling.write(array, 2, 1, 0, 1, Double.NEGATIVE_INFINITY, 0);
      sampling = view(Element.SAMPLING, array);
    }
    DeviceView tokens = ints(-7, -7, -7);
    CudaKernels.sample(
        stream, rows, floats(1, 3, 2, 0, 5, 4, 5, 0, 0, 0, 0, 0), sampling, tokens, 4);
    assertThat(ints(tokens)).containsExactly(1, 2, -7);
  }

  @Test
  void anArgumentOutOfRangeIsTold() {
    DeviceView depths = ints(1, 1, 1);
    DeviceView keep = bytes(Element.UINT8, 0, 0, 0);
    assertThatExceptionOfType(CudaException.class)
        .isThrownBy(() -> CudaKernels.keepDeeper(stream, rows, depths, keep, -1))
        .withMessageContaining("mor4j_cuda_keep_deeper")
        .withMessageContaining("cudaErrorInvalidValue");
    assertThat(context.isPoisoned()).isTrue();
  }

  @Test
  void aMatrixHasItsNumbersAndItsScales() {
    DeviceView numbers = bytes(Element.INT8, new int[64]);
    DeviceView scales = view(Element.BF16, MemorySegment.ofArray(new short[20]));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeviceMatrix.of(numbers, 1, 64))
        .withMessageContaining("1 × 64 INT8 without scales");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DeviceMatrix(floats(1, 2), Optional.of(scales), 1, 2))
        .withMessageContaining("F32 with scales");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeviceMatrix.of(floats(1, 2), 1, 3))
        .withMessage("a matrix of 1 × 3 with 2 numbers of data");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeviceMatrix.of(ints(1, 2), 1, 2))
        .withMessageContaining("INT32");
    DeviceMatrix part = new DeviceMatrix(numbers, Optional.of(scales), 2, 32).firstRows(1);
    assertThat(part.data().count()).isEqualTo(32);
    assertThat(part.scales().orElseThrow().count()).isEqualTo(1);
  }

  @Test
  void entriesLieWhereTheHeaderSays() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment kv = arena.allocate(2 * DeviceKvRow.BYTES, 8);
      DeviceKvRow.write(kv, 1, 11, 12, 13, 14, 15);
      assertThat(DeviceKvRow.BYTES).isEqualTo(32);
      assertThat(kv.asSlice(32, 24).toArray(ValueLayout.JAVA_LONG)).containsExactly(11, 12, 13);
      assertThat(kv.asSlice(56, 8).toArray(ValueLayout.JAVA_INT)).containsExactly(14, 15);
      assertThat(DeviceSampling.BYTES).isEqualTo(40);
      MemorySegment router = arena.allocate(DeviceRouter.BYTES, 8);
      DeviceView w1 = floats(new float[23 * 2]);
      DeviceView w2 = floats(new float[24 * 23]);
      new DeviceRouter(matrix(w1, 23, 2), Optional.of(matrix(w2, 24, 23)), 25f)
          .write(router, 0, true);
      assertThat(router.asSlice(0, 16).toArray(ValueLayout.JAVA_LONG))
          .containsExactly(w1.owner().address(), w2.owner().address());
      assertThat(router.get(ValueLayout.JAVA_INT, 16)).isEqualTo(23);
      assertThat(router.get(ValueLayout.JAVA_INT, 20)).isEqualTo(24);
      assertThat(router.get(ValueLayout.JAVA_FLOAT, 24)).isEqualTo(25f);
      assertThat(router.get(ValueLayout.JAVA_INT, 28)).isEqualTo(1);
    }
  }
}
