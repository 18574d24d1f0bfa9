package dev.mor4j.bindings.cuda.gemm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mor4j.bindings.cuda.CudaContext;
import dev.mor4j.bindings.cuda.CudaGraph;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceMemory;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.EmulatedDevice;
import dev.mor4j.bindings.cuda.kernel.CudaType;
import dev.mor4j.bindings.cuda.status.CudaException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Products against sums in double precision. */
class CublasLtTest {
  private static final int CUBLAS_NOT_SUPPORTED = 15;
  private static final float SENTINEL = -77;

  private CudaContext context;
  private CudaStream stream;
  private CublasLt cublas;

  @BeforeEach
  void open() {
    EmulatedDevice.require();
    context = new CudaContext(0);
    stream = context.createStream();
    cublas = new CublasLt(context, 1 << 20);
  }

  @AfterEach
  void close() {
    EmulatedDevice.reset();
    context.close();
    assertThat(EmulatedDevice.liveAllocations()).isZero();
  }

  /** One product's operands, in double precision as they are on the device. */
  private final class Product {
    private final GemmShape shape;
    private final double[] x;
    private final double[] w;
    private final double[] before;
    private final DeviceMemory input;
    private final DeviceMemory weights;
    private final DeviceMemory output;

    Product(GemmShape shape) {
      Random random = new Random(17);
      this.shape = shape;
      this.x = new double[shape.rows() * shape.ins()];
      this.w = new double[shape.outs() * shape.ins()];
      this.before = new double[Math.toIntExact(shape.rows() * shape.outStride())];
      this.input = fill(random, x, shape.type());
      this.weights = fill(random, w, shape.type());
      this.output = fill(random, before, shape.outType());
    }

    private DeviceMemory fill(Random random, double[] values, CudaType type) {
      float[] floats = new float[values.length];
      short[] shorts = new short[values.length];
      for (int i = 0; i < values.length; i++) {
        floats[i] = (float) random.nextGaussian();
        shorts[i] = narrow(floats[i], type);
        values[i] = type == CudaType.F32 ? floats[i] : widen(shorts[i], type);
      }
      return EmulatedDevice.bytes(
          stream,
          type == CudaType.F32 ? MemorySegment.ofArray(floats) : MemorySegment.ofArray(shorts));
    }

    void enqueue(float beta) {
      cublas.matmul(
          stream,
          shape,
          DeviceView.of(weights, shape.type().element()),
          DeviceView.of(input, shape.type().element()),
          DeviceView.of(output, shape.outType().element()),
          beta);
    }

    void check(float beta) {
      byte[] bytes = EmulatedDevice.bytes(stream, output);
      double step =
          switch (shape.outType()) {
            case F32 -> 1e-6;
            case BF16 -> 1.0 / 128;
            case F16 -> 1.0 / 1024;
            case INT8 -> throw new AssertionError();
          };
      for (int r = 0; r < shape.rows(); r++) {
        for (int o = 0; o < shape.outStride(); o++) {
          int at = Math.toIntExact(r * shape.outStride() + o);
          double found = read(bytes, at);
          if (o >= shape.outs()) {
            assertThat(found).as("beside row %d", r).isEqualTo(before[at]);
            continue;
          }
          double sum = beta == 0 ? 0 : beta * before[at];
          double length = Math.abs(sum);
          for (int i = 0; i < shape.ins(); i++) {
            double term = x[r * shape.ins() + i] * w[o * shape.ins() + i];
            sum += term;
            length += Math.abs(term);
          }
          // Written so that NaN fails.
          assertThat(Math.abs(found - sum) <= 1e-6 * length + step * Math.abs(sum))
              .as("[%d, %d] %s, expected %s", r, o, found, sum)
              .isTrue();
        }
      }
    }

    private double read(byte[] bytes, int at) {
      MemorySegment segment = MemorySegment.ofArray(bytes);
      return shape.outType() == CudaType.F32
          ? segment.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * at)
          : widen(segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * at), shape.outType());
    }
  }

  private static short narrow(float value, CudaType type) {
    return type == CudaType.F16
        ? Float.floatToFloat16(value)
        : (short) (Float.floatToIntBits(value) >>> 16);
  }

  private static float widen(short bits, CudaType type) {
    return type == CudaType.F16 ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
  }

  @ParameterizedTest
  @CsvSource({
    "F32, F32, 0, 0",
    "F32, F32, 1, 3",
    "F32, F32, -0.5, 0",
    "BF16, BF16, 0, 0",
    "BF16, F32, 0, 5",
    "BF16, F32, 1, 0",
    "F16, F16, 1, 8",
    "F16, F32, 0, 0",
  })
  void multiplies(CudaType type, CudaType outType, float beta, int gap) {
    for (int[] size : new int[][] {{1, 1, 1}, {1, 24, 40}, {7, 5, 33}, {32, 16, 64}}) {
      Product product =
          new Product(new GemmShape(size[0], size[1], size[2], type, outType, size[1] + gap));
      product.enqueue(beta);
      product.check(beta);
    }
    assertThat(cublas.plans()).isEqualTo(4);
    assertThat(cublas.fallbacks()).isZero();
    assertThat(cublas.description()).contains("4 shapes");
  }

  @Test
  void worksInsideACapture() {
    Product product = new Product(GemmShape.of(3, 8, 16, CudaType.BF16, CudaType.F32));
    assertThatIllegalStateException()
        .isThrownBy(() -> stream.capture(() -> product.enqueue(0)))
        .withMessageContaining("not prepared");
    cublas.prepare(product.shape);
    CudaGraph graph = stream.capture(() -> product.enqueue(0));
    assertThat(graph.nodeCount()).isPositive();
    graph.launch(stream);
    product.check(0);
  }

  @Test
  void theFloatsAreNeitherRoundedNorReorderedAway() {
    // 1 + 2⁻¹² has more bits than TF32's ten.
    GemmShape shape = GemmShape.of(1, 1, 4, CudaType.F32, CudaType.F32);
    float value = 1 + 0x1p-12f;
    DeviceMemory x = EmulatedDevice.floats(stream, value, 0, 0, 0);
    DeviceMemory w = EmulatedDevice.floats(stream, 1, 0, 0, 0);
    DeviceMemory y = EmulatedDevice.floats(stream, SENTINEL);
    cublas.matmul(stream, shape, floats(w), floats(x), floats(y), 0);
    assertThat(EmulatedDevice.floats(stream, y)).containsExactly(value);
  }

  /** Both libraries may add parts of a sum in the type of the result, unless that is forbidden. */
  @Test
  void partsOfSumsAreNotAddedAsTheyAreWritten() {
    GemmShape shape = GemmShape.of(1, 1, 8, CudaType.BF16, CudaType.BF16);
    DeviceMemory ones = bfloats(1, 1, 1, 1, 1, 1, 1, 1);
    // 256 + 1 is no bfloat16: rounded, it leaves 0 of what should be 1.
    DeviceMemory w = bfloats(256, 1, 0, 0, -256, 0, 0, 0);
    for (int fallbacks = 0; fallbacks < 2; fallbacks++) {
      DeviceMemory y = bfloats(7);
      cublas.matmul(stream, shape, bfloats(w), bfloats(ones), bfloats(y), 0);
      byte[] found = EmulatedDevice.bytes(stream, y);
      assertThat(widen((short) ((found[0] & 0xFF) | (found[1] << 8)), CudaType.BF16)).isEqualTo(1);
      assertThat(cublas.fallbacks()).isEqualTo(fallbacks);
      // Once more without cuBLASLt.
      cublas.close();
      cublas = new CublasLt(context, 1 << 20);
      EmulatedDevice.failNext("cublasLtMatmulAlgoGetHeuristic", CUBLAS_NOT_SUPPORTED);
    }
  }

  private static DeviceView floats(DeviceMemory memory) {
    return DeviceView.of(memory, Element.F32);
  }

  private static DeviceView bfloats(DeviceMemory memory) {
    return DeviceView.of(memory, Element.BF16);
  }

  private DeviceMemory bfloats(float... values) {
    short[] shorts = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      shorts[i] = narrow(values[i], CudaType.BF16);
    }
    return EmulatedDevice.bytes(stream, MemorySegment.ofArray(shorts));
  }

  @Test
  void withBetaZeroWhatWasThereDoesNotMatter() {
    GemmShape shape = GemmShape.of(1, 1, 1, CudaType.F32, CudaType.F32);
    DeviceMemory one = EmulatedDevice.floats(stream, 1);
    DeviceMemory y = EmulatedDevice.floats(stream, Float.NaN);
    cublas.matmul(stream, shape, floats(one), floats(one), floats(y), 0);
    assertThat(EmulatedDevice.floats(stream, y)).containsExactly(1);
  }

  @Test
  void sixteenBytesOfAlignmentAreEnough() {
    GemmShape shape = GemmShape.of(1, 1, 2, CudaType.F32, CudaType.F32);
    DeviceMemory memory = EmulatedDevice.floats(stream, 9, 9, 9, 9, 2, 3, 9, 9, 5, 7, 9, 9, 9);
    DeviceView all = floats(memory);
    cublas.matmul(stream, shape, all.slice(4, 2), all.slice(8, 2), all.slice(12, 1), 0);
    assertThat(EmulatedDevice.floats(stream, memory)).endsWith(9, 9, 31);
  }

  @Test
  void closingGivesTheWorkspaceBack() {
    assertThat(context.deviceBytes()).isEqualTo(1 << 20);
    cublas.prepare(GemmShape.of(1, 1, 2, CudaType.F32, CudaType.F32));
    cublas.close();
    assertThat(context.deviceBytes()).isZero();
    assertThat(EmulatedDevice.allocatedBytes()).isZero();
  }

  @Test
  void whereCublasLtHasNoAlgorithmCublasComputes() {
    EmulatedDevice.failNext("cublasLtMatmulAlgoGetHeuristic", CUBLAS_NOT_SUPPORTED);
    Product product = new Product(new GemmShape(3, 5, 7, CudaType.F16, CudaType.F32, 6));
    cublas.prepare(product.shape);
    assertThat(cublas.fallbacks()).isEqualTo(1);
    assertThat(cublas.description()).contains("1 of them by cublasGemmEx");
    CudaGraph graph = stream.capture(() -> product.enqueue(1));
    graph.launch(stream);
    product.check(1);
    assertThat(context.isPoisoned()).isFalse();
  }

  @Test
  void aFailureOfCublasPoisonsTheContext() {
    Product product = new Product(GemmShape.of(1, 4, 4, CudaType.F32, CudaType.F32));
    cublas.prepare(product.shape);
    EmulatedDevice.failNext("cublasLtMatmul", 13);
    assertThatExceptionOfType(CudaException.class)
        .isThrownBy(() -> product.enqueue(0))
        .withMessageContaining("cublasLtMatmul")
        .withMessageContaining("CUBLAS_STATUS_EXECUTION_FAILED");
    assertThat(context.isPoisoned()).isTrue();
  }

  /** Each operand in turn, and each thing that may be wrong with it. */
  @ParameterizedTest
  @ValueSource(strings = {"weights", "input", "output"})
  void anOperandThatDoesNotFitIsRefused(String operand) {
    GemmShape shape = new GemmShape(2, 3, 4, CudaType.BF16, CudaType.F32, 5);
    Map<String, Element> elements =
        Map.of("weights", Element.BF16, "input", Element.BF16, "output", Element.F32);
    Map<String, Long> counts = Map.of("weights", 12L, "input", 8L, "output", 10L);
    Element element = elements.get(operand);
    long count = counts.get(operand);
    DeviceView closed = view(context, element, count);
    closed.owner().close();
    try (CudaContext other = new CudaContext(0)) {
      DeviceView foreign = view(other, element, count);
      BiConsumer<DeviceView, Class<? extends Exception>> refused =
          (bad, expected) ->
              assertThatExceptionOfType(expected)
                  .isThrownBy(
                      () -> {
                        Map<String, DeviceView> views = new HashMap<>();
                        elements.forEach((n, e) -> views.put(n, view(context, e, counts.get(n))));
                        views.put(operand, bad);
                        cublas.matmul(
                            stream,
                            shape,
                            views.get("weights"),
                            views.get("input"),
                            views.get("output"),
                            0);
                      })
                  .withMessageStartingWith("cublasLtMatmul: " + operand + " is ");
      refused.accept(view(context, element, count - 1), IllegalArgumentException.class);
      refused.accept(view(context, Element.UINT64, count), IllegalArgumentException.class);
      refused.accept(foreign, IllegalArgumentException.class);
      refused.accept(closed, IllegalStateException.class);
    }
    assertThat(cublas.plans()).isZero();
    assertThat(context.isPoisoned()).isFalse();
  }

  private static DeviceView view(CudaContext context, Element element, long count) {
    return DeviceView.of(context.allocate(count * element.bytes()), element);
  }

  @Test
  void aGraphDoesNotOutliveItsOperandsOrTheWorkspace() {
    GemmShape shape = GemmShape.of(1, 1, 2, CudaType.F32, CudaType.F32);
    cublas.prepare(shape);
    DeviceView w = floats(EmulatedDevice.floats(stream, 1, 2));
    DeviceView x = floats(EmulatedDevice.floats(stream, 3, 4));
    DeviceView y = floats(EmulatedDevice.floats(stream, 0));
    CudaGraph first = stream.capture(() -> cublas.matmul(stream, shape, w, x, y, 0));
    CudaGraph second = stream.capture(() -> cublas.matmul(stream, shape, w, w, y, 0));
    first.launch(stream);
    assertThat(EmulatedDevice.floats(stream, y.owner())).containsExactly(11);
    x.owner().close();
    assertThatIllegalStateException().isThrownBy(() -> first.launch(stream));
    second.launch(stream);
    assertThat(EmulatedDevice.floats(stream, y.owner())).containsExactly(5);
    cublas.close();
    assertThatIllegalStateException().isThrownBy(() -> second.launch(stream));
  }

  @Test
  void refusesWhatItCannotMultiply() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GemmShape.of(1, 1, 1, CudaType.INT8, CudaType.F32));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GemmShape.of(1, 1, 1, CudaType.F32, CudaType.F16));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> GemmShape.of(0, 1, 1, CudaType.F32, CudaType.F32));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new GemmShape(1, 4, 1, CudaType.F32, CudaType.F32, 3));
    Product product = new Product(GemmShape.of(1, 4, 4, CudaType.F32, CudaType.F32));
    cublas.close();
    cublas.close();
    assertThatIllegalStateException().isThrownBy(() -> product.enqueue(0));
    assertThatIllegalStateException().isThrownBy(() -> cublas.prepare(product.shape));
  }
}
