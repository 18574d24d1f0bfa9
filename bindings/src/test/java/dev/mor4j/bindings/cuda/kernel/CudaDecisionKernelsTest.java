package dev.mor4j.bindings.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.EmulatedDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** The launchers of routers and decisions get their arguments where they look for them. */
class CudaDecisionKernelsTest extends CudaKernelFixture {
  private DeviceMemory routers(DeviceMemory w1, DeviceMemory w2, int inner, int outs) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocate(2 * DeviceRouter.BYTES, 8);
      long second = w2 == null ? 0 : w2.address();
      DeviceRouter.write(array, 0, w1.address(), second, inner, outs, 1f, true);
      DeviceRouter.write(array, 1, w1.address(), second, inner, outs, 2f, false);
      return EmulatedDevice.bytes(stream, array);
    }
  }

  @Test
  void route() {
    DeviceMemory x = floats(1, 2, 0, 0, 4, 6);
    DeviceMemory z = floats(-1, -1, -1);
    DeviceMemory routers = routers(floats(1, 10), null, 0, 1);
    CudaKernels.route(
        stream,
        new Routing(
            rows,
            routers.address(),
            ints(0, 0, 1).address(),
            x.address(),
            z.address(),
            0,
            2,
            0,
            1,
            0,
            CudaType.F32));
    assertThat(floats(z)).containsExactly(new float[] {32, 21, -1}, within(1e-4f));
    DeviceMemory mlp = routers(floats(1, 0, 0, 1), floats(1, -1), 2, 1);
    CudaKernels.route(
        stream,
        new Routing(
            rows,
            mlp.address(),
            0,
            x.address(),
            z.address(),
            floats(0, 0, 0, 0, 0, 0).address(),
            2,
            2,
            1,
            1,
            CudaType.F32));
    // gelu(2) - gelu(3), gelu(0.5) - gelu(1)
    assertThat(floats(z))
        .containsExactly(
            new float[] {1.954500f - 2.995950f, 0.345731f - 0.841345f, -1}, within(1e-4f));
  }

  @Test
  void decideCompactAndGoDeeper() {
    DeviceMemory keep = bytes(5, 5, 5);
    DeviceMemory gates = floats(5, 5, 5);
    DeviceMemory depths = ints(1, 1, 1);
    DeviceMemory thresholds =
        EmulatedDevice.bytes(stream, MemorySegment.ofArray(new double[] {0.5, 0, 1.5}));
    ExpertDecision decision =
        new ExpertDecision(
            rows,
            routers(floats(1, 1), null, 0, 1).address(),
            0,
            floats(1, 0.25f, 9).address(),
            floats(1, 0.75f, 9).address(),
            thresholds.address(),
            ints(3, 3, 3).address(),
            keep.address(),
            gates.address(),
            depths.address(),
            2f,
            RouterFunction.TANH,
            true,
            1);
    CudaKernels.decideExpert(stream, decision);
    assertThat(bytes(keep)).containsExactly(1, 5, 0);
    assertThat(floats(gates))
        .containsExactly(new float[] {(float) (2 * Math.tanh(0.25)), 5, 0}, within(1e-5f));
    assertThat(ints(depths)).containsExactly(2, 1, 1);
    DeviceMemory list = ints(-1, -1, -1);
    DeviceMemory count = ints(-1);
    CudaKernels.compact(stream, rows, keep.address(), list.address(), count.address());
    assertThat(ints(count)).containsExactly(1);
    assertThat(ints(list)[0]).isZero();
    CudaKernels.decideToken(
        stream,
        new TokenDecision(
            rows,
            floats(0, 1, 5, 3, 0, 0, 0, 0, 0).address(),
            floats(0, 0, 0).address(),
            ints(3, 3, 2).address(),
            keep.address(),
            gates.address(),
            depths.address(),
            3,
            0.5f,
            RouterFunction.SIGMOID,
            true));
    assertThat(ints(depths)).containsExactly(1, 1, 2);
    assertThat(bytes(keep)).containsExactly(1, 5, 1);
    assertThat(floats(gates))
        .containsExactly(
            new float[] {(float) (0.5 / (1 + Math.exp(-3))), 5, (float) (0.5 / (1 + Math.exp(-1)))},
            within(1e-5f));
    CudaKernels.keepDeeper(stream, rows, depths.address(), keep.address(), 1);
    assertThat(bytes(keep)).containsExactly(0, 5, 1);
  }

  @Test
  void scatterAloneAndWithTheNextDecision() {
    DeviceMemory x = floats(1, 1, 1, 1, 1, 1);
    DeviceMemory y = floats(1, 2, 3, 4, 5, 6);
    Scatter scatter =
        new Scatter(
            rows,
            y.address(),
            floats(10, 10, 10, 10, 10, 10).address(),
            floats(2, 0, 3).address(),
            x.address(),
            2,
            true,
            CudaType.F32);
    CudaKernels.scatter(stream, scatter);
    assertThat(floats(x)).containsExactly(27, 29, 1, 1, 34, 37);
    DeviceMemory z = floats(-1, -1, -1);
    DeviceMemory keep = bytes(5, 5, 5);
    DeviceMemory gates = floats(5, 5, 5);
    DeviceMemory thresholds =
        EmulatedDevice.bytes(stream, MemorySegment.ofArray(new double[] {-9, 0, 9}));
    CudaKernels.scatterRoute(
        stream,
        new Scatter(rows, y.address(), 0, 0, x.address(), 2, false, CudaType.F32),
        new ExpertDecision(
            rows,
            routers(floats(1, 1), null, 0, 1).address(),
            0,
            0,
            0,
            thresholds.address(),
            ints(3, 3, 3).address(),
            keep.address(),
            gates.address(),
            ints(0, 0, 0).address(),
            1f,
            RouterFunction.IDENTITY,
            false,
            1),
        z.address());
    assertThat(floats(x)).containsExactly(3, 4, 1, 1, 1, 2);
    assertThat(floats(z)).containsExactly(new float[] {1.5f, 3.5f, -1}, within(1e-5f));
    assertThat(bytes(keep)).containsExactly(1, 5, 0);
    assertThat(floats(gates)).containsExactly(1, 5, 0);
  }
}
