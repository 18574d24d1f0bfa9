package dev.mor4j.bindings.cuda.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The launchers of routers and decisions get their arguments where they look for them. */
class CudaDecisionKernelsTest extends CudaKernelFixture {
  private DeviceView routers(DeviceMatrix w1, Optional<DeviceMatrix> w2) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocate(2 * DeviceRouter.BYTES, 8);
      new DeviceRouter(w1, w2, 1f).write(array, 0, true);
      new DeviceRouter(w1, w2, 2f).write(array, 1, false);
      return view(Element.ROUTER, array);
    }
  }

  private DeviceView linearRouters(float... weights) {
    return routers(matrix(floats(weights), 1, weights.length), Optional.empty());
  }

  @Test
  void route() {
    DeviceView x = floats(1, 2, 0, 0, 4, 6);
    DeviceView z = floats(-1, -1, -1);
    Routing.Sizes sizes = new Routing.Sizes(2, 1, CudaType.F32);
    CudaKernels.route(
        stream,
        new Routing(
            rows,
            linearRouters(1, 10),
            new Recursion.PerRow(ints(0, 0, 1)),
            x,
            z,
            Optional.empty(),
            sizes));
    assertThat(floats(z)).containsExactly(new float[] {32, 21, -1}, within(1e-4f));
    DeviceView mlp =
        routers(matrix(floats(1, 0, 0, 1), 2, 2), Optional.of(matrix(floats(1, -1), 1, 2)));
    CudaKernels.route(
        stream,
        new Routing(
            rows,
            mlp,
            new Recursion.Fixed(1),
            x,
            z,
            Optional.of(new Routing.Inner(floats(0, 0, 0, 0, 0, 0), 2)),
            sizes));
    // gelu(2) - gelu(3), gelu(0.5) - gelu(1)
    assertThat(floats(z))
        .containsExactly(
            new float[] {1.954500f - 2.995950f, 0.345731f - 0.841345f, -1}, within(1e-4f));
  }

  @Test
  void aRouterHasMatricesThatFit() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new DeviceRouter(
                    matrix(floats(1, 2), 1, 2), Optional.of(matrix(floats(1, 2), 1, 2)), 1f))
        .withMessageContaining("2 columns, expected 1");
    int outs = CudaKernels.MAX_OUTPUTS + 1;
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> new DeviceRouter(matrix(floats(new float[outs]), outs, 1), Optional.empty(), 1f))
        .withMessageContaining(outs + " outputs");
    DeviceView weights = floats(1, 2);
    DeviceRouter router = new DeviceRouter(matrix(weights, 1, 2), Optional.empty(), 1f);
    weights.owner().close();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment array = arena.allocate(DeviceRouter.BYTES, 8);
      assertThatIllegalStateException()
          .isThrownBy(() -> router.write(array, 0, false))
          .withMessage("mor4j_cuda_router: w1 is device memory that is closed");
    }
  }

  @Test
  void decideCompactAndGoDeeper() {
    DeviceView keep = bytes(Element.UINT8, 5, 5, 5);
    DeviceView gates = floats(5, 5, 5);
    DeviceView depths = ints(1, 1, 1);
    CudaKernels.decideExpert(
        stream,
        new ExpertDecision(
            rows,
            new ExpertDecision.Scores(floats(1, 0.25f, 9), floats(1, 0.75f, 9)),
            new ExpertRule(
                linearRouters(1, 1),
                new ExpertRule.Limits(doubles(0.5, 0, 1.5), ints(3, 3, 3)),
                new Outcomes(keep, gates, depths),
                new Gate(2f, RouterFunction.TANH, true),
                new Recursion.Fixed(1))));
    assertThat(bytes(keep)).containsExactly(1, 5, 0);
    assertThat(floats(gates))
        .containsExactly(new float[] {(float) (2 * Math.tanh(0.25)), 5, 0}, within(1e-5f));
    assertThat(ints(depths)).containsExactly(2, 1, 1);
    DeviceView list = ints(-1, -1, -1);
    DeviceView count = ints(-1);
    CudaKernels.compact(stream, rows, keep, list, count);
    assertThat(ints(count)).containsExactly(1);
    assertThat(ints(list)[0]).isZero();
    CudaKernels.decideToken(
        stream,
        new TokenDecision(
            rows,
            floats(0, 1, 5, 3, 0, 0, 0, 0, 0),
            Optional.of(floats(0, 0, 0)),
            ints(3, 3, 2),
            new Outcomes(keep, gates, depths),
            new Gate(0.5f, RouterFunction.SIGMOID, true),
            3));
    assertThat(ints(depths)).containsExactly(1, 1, 2);
    assertThat(bytes(keep)).containsExactly(1, 5, 1);
    assertThat(floats(gates))
        .containsExactly(
            new float[] {(float) (0.5 / (1 + Math.exp(-3))), 5, (float) (0.5 / (1 + Math.exp(-1)))},
            within(1e-5f));
    CudaKernels.keepDeeper(stream, rows, depths, keep, 1);
    assertThat(bytes(keep)).containsExactly(0, 5, 1);
  }

  @Test
  void scatterAloneAndWithTheNextDecision() {
    DeviceView x = floats(1, 1, 1, 1, 1, 1);
    DeviceView y = floats(1, 2, 3, 4, 5, 6);
    Scatter scatter =
        new Scatter(
            rows,
            y,
            Optional.of(floats(10, 10, 10, 10, 10, 10)),
            x,
            2,
            new Scatter.Result.Add(floats(2, 0, 3)));
    CudaKernels.scatter(stream, scatter);
    assertThat(floats(x)).containsExactly(27, 29, 1, 1, 34, 37);
    DeviceView z = floats(-1, -1, -1);
    DeviceView keep = bytes(Element.UINT8, 5, 5, 5);
    DeviceView gates = floats(5, 5, 5);
    ExpertRule rule =
        new ExpertRule(
            linearRouters(1, 1),
            new ExpertRule.Limits(doubles(-9, 0, 9), ints(3, 3, 3)),
            new Outcomes(keep, gates, ints(0, 0, 0)),
            new Gate(1f, RouterFunction.IDENTITY, false),
            new Recursion.Fixed(1));
    Scatter replace = new Scatter(rows, y, Optional.empty(), x, 2, new Scatter.Result.Replace());
    CudaKernels.scatterRoute(stream, replace, rule, z);
    assertThat(floats(x)).containsExactly(3, 4, 1, 1, 1, 2);
    assertThat(floats(z)).containsExactly(new float[] {1.5f, 3.5f, -1}, within(1e-5f));
    assertThat(bytes(keep)).containsExactly(1, 5, 0);
    assertThat(floats(gates)).containsExactly(1, 5, 0);
    ExpertRule perRow =
        new ExpertRule(
            rule.routers(),
            rule.limits(),
            rule.outcomes(),
            rule.gate(),
            new Recursion.PerRow(ints(0, 0, 0)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CudaKernels.scatterRoute(stream, replace, perRow, z))
        .withMessageContaining("mor4j_cuda_scatter_route: decide.recursions");
  }
}
