package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.gemm.CublasLt;
import dev.mor4j.bindings.cuda.gemm.GemmShape;
import dev.mor4j.bindings.cuda.kernel.Attention;
import dev.mor4j.bindings.cuda.kernel.CudaKernels;
import dev.mor4j.bindings.cuda.kernel.CudaType;
import dev.mor4j.bindings.cuda.kernel.DeviceCache;
import dev.mor4j.bindings.cuda.kernel.DeviceMatrix;
import dev.mor4j.bindings.cuda.kernel.DeviceRows;
import dev.mor4j.bindings.cuda.kernel.Epilogue;
import dev.mor4j.bindings.cuda.kernel.Norm;
import dev.mor4j.bindings.cuda.kernel.Projection;
import dev.mor4j.bindings.cuda.kernel.RmsNorm;
import dev.mor4j.bindings.cuda.kernel.RopeAppend;
import dev.mor4j.bindings.cuda.kernel.Rotation;
import dev.mor4j.bindings.cuda.kernel.Scatter;
import dev.mor4j.runtime.kv.KvPageLayout;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The launches that take rows through decoder layers. Few rows: products by hand-written kernels
 * that read each weight once, with norms, activation and residual in them. Many rows: matrix
 * products of cuBLASLt, with kernels between them. Enqueues only; one thread at a time.
 */
final class LayerLaunches {
  private final DeviceShape shape;
  private final Activations at;
  private final CublasLt products;

  /** float32 [DH/2]. */
  private final DeviceView frequencies;

  /** T: an INT8 matrix as numbers. */
  private final DeviceView scratch;

  /**
   * @param products borrowed
   * @param scratch room for the numbers of the largest INT8 matrix
   */
  LayerLaunches(
      DeviceShape shape,
      Activations at,
      CublasLt products,
      DeviceView frequencies,
      DeviceView scratch) {
    this.shape = shape;
    this.at = at;
    this.products = products;
    this.frequencies = frequencies;
    this.scratch = scratch;
  }

  /**
   * Where a pass finds things on the device.
   *
   * @param rows which state rows
   * @param x states [C, H] that it reads and writes
   * @param described what the host says about the rows
   * @param cache which of the described caches is that of the pass
   * @param result what becomes of it
   * @param prompts which rows are of prompts
   */
  record Pass(
      DeviceRows rows,
      DeviceView x,
      RowViews described,
      int cache,
      Scatter.Result result,
      Prompts prompts) {}

  /** Which rows of a pass stand beside others of the same sequence. */
  enum Prompts {
    /** None: no row stores what another one attends to. */
    NONE,
    /** Some beside a few. */
    SHORT,
    /** Some beside many, as the rows' kinds say. */
    SOME,
    /** All beside many. */
    ALL
  }

  /** Whether so few rows are multiplied by the hand-written kernels. */
  static boolean isSkinny(int bucket) {
    return bucket <= CudaKernels.SKINNY_ROWS;
  }

  /** Enqueues {@code layers} over the rows of {@code pass}. */
  void run(CudaStream stream, DeviceLayers layers, Pass pass) {
    run(stream, layers, pass, scatter -> CudaKernels.scatter(stream, scatter));
  }

  /**
   * As above.
   *
   * @param end enqueues the end of the pass
   */
  void run(CudaStream stream, DeviceLayers layers, Pass pass, Consumer<Scatter> end) {
    DeviceRows rows = pass.rows();
    boolean skinny = isSkinny(rows.bucket());
    CudaKernels.gather(stream, rows, pass.x(), at.y, shape.hidden());
    Optional<DeviceView> residual = Optional.empty();
    for (DeviceLayer layer : layers.layers()) {
      if (skinny) {
        runSkinny(stream, layer, pass);
      } else {
        runWide(stream, layer, pass, residual);
        residual = Optional.of(at.result);
      }
    }
    end.accept(new Scatter(rows, at.y, residual, pass.x(), shape.hidden(), pass.result()));
  }

  private void runSkinny(CudaStream stream, DeviceLayer layer, Pass pass) {
    DeviceRows rows = pass.rows();
    project(
        stream,
        rows,
        layer.qkv(),
        normed(at.y, layer.inputNorm(), false),
        new Projection.Output(at.qkv, shape.qkv(), Epilogue.STORE));
    attend(stream, layer, pass);
    addProduct(stream, layer.o(), rows, at.attended);
    project(
        stream,
        rows,
        layer.gateUp(),
        normed(at.y, layer.postNorm(), false),
        new Projection.Output(at.activated, shape.intermediate(), Epilogue.SILU_MUL));
    addProduct(stream, layer.down(), rows, at.activated);
  }

  private void project(
      CudaStream stream,
      DeviceRows rows,
      DeviceMatrix matrix,
      Projection.Input input,
      Projection.Output output) {
    CudaKernels.project(stream, new Projection(rows, matrix, input, output, shape.type()));
  }

  private Projection.Input normed(DeviceView view, DeviceView weight, boolean indexed) {
    return new Projection.Input.Normed(view, norm(weight), indexed);
  }

  /** y += matrix · input, for few rows. */
  private void addProduct(
      CudaStream stream, DeviceMatrix matrix, DeviceRows rows, DeviceView input) {
    project(
        stream,
        rows,
        matrix,
        new Projection.Input.Plain(input),
        new Projection.Output(at.y, shape.hidden(), Epilogue.ADD_F32));
  }

  private void runWide(
      CudaStream stream, DeviceLayer layer, Pass pass, Optional<DeviceView> residual) {
    DeviceRows rows = pass.rows();
    int bucket = rows.bucket();
    normalise(stream, rows, residual, layer.inputNorm());
    multiply(stream, layer.qkv(), bucket, at.normed, at.qkv, shape.qkv());
    attend(stream, layer, pass);
    multiply(stream, layer.o(), bucket, at.attended, at.result, shape.hidden());
    normalise(stream, rows, Optional.of(at.result), layer.postNorm());
    int intermediate = shape.intermediate();
    multiply(stream, layer.gateUp(), bucket, at.normed, at.gateUp, 2L * intermediate);
    CudaKernels.siluMul(stream, rows, at.gateUp, at.activated, intermediate);
    multiply(stream, layer.down(), bucket, at.activated, at.result, shape.hidden());
  }

  private Norm norm(DeviceView weight) {
    return new Norm(weight, shape.sizes().rmsNormEps());
  }

  private void normalise(
      CudaStream stream, DeviceRows rows, Optional<DeviceView> residual, DeviceView weight) {
    CudaKernels.rmsNorm(
        stream, new RmsNorm(rows, at.y, residual, norm(weight), at.normed, shape.hidden(), false));
  }

  /** out[bucket, stride] = input · matrixᵀ by cuBLASLt. */
  private void multiply(
      CudaStream stream,
      DeviceMatrix matrix,
      int bucket,
      DeviceView input,
      DeviceView out,
      long stride) {
    DeviceView weights = matrix.data();
    if (matrix.type() == CudaType.INT8) {
      CudaKernels.dequantize(stream, matrix, scratch);
      weights = scratch;
    }
    GemmShape product = gemm(matrix, bucket, CudaType.of(out.element()), stride);
    products.matmul(stream, product, weights, input, out, 0);
  }

  private GemmShape gemm(DeviceMatrix matrix, int bucket, CudaType outType, long stride) {
    return new GemmShape(
        bucket,
        Math.toIntExact(matrix.rows()),
        Math.toIntExact(matrix.cols()),
        shape.type(),
        outType,
        stride);
  }

  /** Finds the algorithms of the products of such a pass; not inside a capture. */
  void prepare(DeviceLayers layers, int bucket) {
    if (isSkinny(bucket)) {
      return;
    }
    for (DeviceLayer layer : layers.layers()) {
      products.prepare(gemm(layer.qkv(), bucket, shape.type(), shape.qkv()));
      products.prepare(gemm(layer.o(), bucket, shape.type(), shape.hidden()));
      products.prepare(gemm(layer.gateUp(), bucket, shape.type(), 2L * shape.intermediate()));
      products.prepare(gemm(layer.down(), bucket, shape.type(), shape.hidden()));
    }
  }

  private void attend(CudaStream stream, DeviceLayer layer, Pass pass) {
    RowViews described = pass.described();
    DeviceCache cache =
        new DeviceCache(
            described.kv(pass.cache()),
            described.tables,
            shape.kvType(),
            KvPageLayout.PAGE_TOKENS,
            layer.place(),
            shape.heads());
    Rotation rotation = new Rotation(described.positions, frequencies);
    if (pass.prompts() == Prompts.NONE) {
      CudaKernels.attendDecode(
          stream,
          attention(pass, cache, Optional.empty()),
          Optional.of(at.split),
          Optional.of(rotation));
      return;
    }
    CudaKernels.ropeAppend(stream, new RopeAppend(pass.rows(), cache, at.qkv, rotation));
    if (pass.prompts() != Prompts.ALL) {
      CudaKernels.attendDecode(
          stream,
          attention(pass, cache, kinds(pass, PageTables.TEXT)),
          Optional.of(at.split),
          Optional.empty());
    }
    if (pass.prompts() != Prompts.SHORT) {
      CudaKernels.attendPrefill(stream, attention(pass, cache, kinds(pass, PageTables.PROMPT)));
    }
  }

  /** The rows of a kind where a pass has both. */
  private static Optional<Attention.Kinds> kinds(Pass pass, int kind) {
    return pass.prompts() == Prompts.SOME
        ? Optional.of(new Attention.Kinds(pass.described().kinds, kind))
        : Optional.empty();
  }

  private Attention attention(Pass pass, DeviceCache cache, Optional<Attention.Kinds> kinds) {
    return new Attention(pass.rows(), cache, at.qkv, at.attended, kinds);
  }

  /**
   * Logits [bucket, V], float32, of the rows' hidden states.
   *
   * @param x states [C, H]
   * @param weight of the final norm, float32 [H]
   */
  void head(
      CudaStream stream,
      DeviceRows rows,
      DeviceView x,
      DeviceView weight,
      DeviceMatrix head,
      DeviceView logits) {
    long vocabulary = head.rows();
    if (isSkinny(rows.bucket())) {
      project(
          stream,
          rows,
          head,
          normed(x, weight, true),
          new Projection.Output(logits, vocabulary, Epilogue.STORE_F32));
      return;
    }
    CudaKernels.rmsNorm(
        stream,
        new RmsNorm(rows, x, Optional.empty(), norm(weight), at.normed, shape.hidden(), true));
    multiply(stream, head, rows.bucket(), at.normed, logits, vocabulary);
  }

  /** As {@link #prepare(DeviceLayers, int)}, for the head. */
  void prepareHead(DeviceMatrix head, int bucket) {
    if (!isSkinny(bucket)) {
      products.prepare(gemm(head, bucket, CudaType.F32, head.rows()));
    }
  }
}
