package dev.mor4j.runtime.backend.cuda;

import dev.mor4j.bindings.cuda.Attention;
import dev.mor4j.bindings.cuda.CublasLt;
import dev.mor4j.bindings.cuda.CudaKernels;
import dev.mor4j.bindings.cuda.CudaKvMode;
import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.CudaType;
import dev.mor4j.bindings.cuda.DeviceCache;
import dev.mor4j.bindings.cuda.DeviceMatrix;
import dev.mor4j.bindings.cuda.DeviceRows;
import dev.mor4j.bindings.cuda.Epilogue;
import dev.mor4j.bindings.cuda.GemmShape;
import dev.mor4j.bindings.cuda.Projection;
import dev.mor4j.bindings.cuda.RmsNorm;
import dev.mor4j.bindings.cuda.RopeAppend;
import dev.mor4j.bindings.cuda.Scatter;
import dev.mor4j.runtime.kv.KvPageLayout;
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

  /** Address of float32 [DH/2]. */
  private final long frequencies;

  /** Address of T: an INT8 matrix as numbers. */
  private final long scratch;

  /**
   * @param products borrowed
   * @param scratch room for the numbers of the largest INT8 matrix; 0 without one
   */
  LayerLaunches(
      DeviceShape shape, Activations at, CublasLt products, long frequencies, long scratch) {
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
   * @param positions int32 [C]
   * @param kv rows' caches [C]
   * @param tables page tables
   * @param gates float32 [C] factor of the result, which is added then; 0 for a result that
   *     replaces
   * @param prompts which rows are of prompts
   * @param kinds uint8 [C] which those are where only some are, as {@link PageTables} says
   */
  record Pass(
      DeviceRows rows,
      long x,
      long positions,
      long kv,
      long tables,
      long gates,
      Prompts prompts,
      long kinds) {}

  /** Which rows of a pass stand beside others of the same sequence. */
  enum Prompts {
    /** None: no row stores what another one attends to. */
    NONE,
    /** Some beside a few. */
    SHORT,
    /** Some beside many, as {@link Pass#kinds} says. */
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
    long residual = 0;
    for (DeviceLayer layer : layers.layers()) {
      if (skinny) {
        runSkinny(stream, layer, pass);
      } else {
        runWide(stream, layer, pass, residual);
        residual = at.result;
      }
    }
    boolean add = pass.gates() != 0;
    end.accept(
        new Scatter(
            rows, at.y, residual, pass.gates(), pass.x(), shape.hidden(), add, shape.type()));
  }

  private void runSkinny(CudaStream stream, DeviceLayer layer, Pass pass) {
    DeviceRows rows = pass.rows();
    float eps = shape.sizes().rmsNormEps();
    CudaType type = shape.type();
    CudaKernels.project(
        stream,
        new Projection(
            rows,
            layer.qkv(),
            at.y,
            layer.inputNorm(),
            at.qkv,
            shape.qkv(),
            eps,
            Epilogue.STORE,
            type,
            false));
    attend(stream, layer, pass);
    addProduct(stream, layer.o(), rows, at.attended);
    CudaKernels.project(
        stream,
        new Projection(
            rows,
            layer.gateUp(),
            at.y,
            layer.postNorm(),
            at.activated,
            shape.intermediate(),
            eps,
            Epilogue.SILU_MUL,
            type,
            false));
    addProduct(stream, layer.down(), rows, at.activated);
  }

  /** y += matrix · input, for few rows. */
  private void addProduct(CudaStream stream, DeviceMatrix matrix, DeviceRows rows, long input) {
    CudaKernels.project(
        stream,
        new Projection(
            rows,
            matrix,
            input,
            0,
            at.y,
            shape.hidden(),
            0,
            Epilogue.ADD_F32,
            shape.type(),
            false));
  }

  private void runWide(CudaStream stream, DeviceLayer layer, Pass pass, long residual) {
    DeviceRows rows = pass.rows();
    int bucket = rows.bucket();
    norm(stream, rows, residual, layer.inputNorm());
    multiply(stream, layer.qkv(), bucket, at.normed, at.qkv, shape.type(), shape.qkv());
    attend(stream, layer, pass);
    multiply(stream, layer.o(), bucket, at.attended, at.result, shape.type(), shape.hidden());
    norm(stream, rows, at.result, layer.postNorm());
    int intermediate = shape.intermediate();
    multiply(stream, layer.gateUp(), bucket, at.normed, at.gateUp, shape.type(), 2L * intermediate);
    CudaKernels.siluMul(stream, rows, at.gateUp, at.activated, intermediate, shape.type());
    multiply(stream, layer.down(), bucket, at.activated, at.result, shape.type(), shape.hidden());
  }

  private void norm(CudaStream stream, DeviceRows rows, long residual, long weight) {
    CudaKernels.rmsNorm(
        stream,
        new RmsNorm(
            rows,
            at.y,
            residual,
            weight,
            at.normed,
            shape.hidden(),
            shape.sizes().rmsNormEps(),
            shape.type(),
            false));
  }

  /** out[bucket, outs] = input · matrixᵀ by cuBLASLt. */
  private void multiply(
      CudaStream stream,
      DeviceMatrix matrix,
      int bucket,
      long input,
      long out,
      CudaType outType,
      long stride) {
    long weights = matrix.data();
    if (matrix.type() == CudaType.INT8) {
      CudaKernels.dequantize(stream, matrix, scratch, shape.type());
      weights = scratch;
    }
    products.matmul(stream, gemm(matrix, bucket, outType, stride), weights, input, out, 0);
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
    boolean overlays = layer.kvMode() == CudaKvMode.OVERLAY;
    DeviceCache cache =
        new DeviceCache(
            pass.kv(),
            pass.tables(),
            layer.kvLayer(),
            overlays ? layer.kvLayer() : 0,
            layer.kvMode(),
            shape.kvType(),
            shape.sizes().heads(),
            shape.sizes().kvHeads(),
            shape.sizes().headDim(),
            KvPageLayout.PAGE_TOKENS);
    if (pass.prompts() == Prompts.NONE) {
      CudaKernels.attendDecode(stream, attention(pass, cache, pass.positions(), 0, 0));
      return;
    }
    CudaKernels.ropeAppend(
        stream,
        new RopeAppend(pass.rows(), cache, at.qkv, pass.positions(), frequencies, shape.type()));
    long kinds = pass.prompts() == Prompts.SOME ? pass.kinds() : 0;
    if (pass.prompts() != Prompts.ALL) {
      CudaKernels.attendDecode(stream, attention(pass, cache, 0, kinds, PageTables.TEXT));
    }
    if (pass.prompts() != Prompts.SHORT) {
      CudaKernels.attendPrefill(stream, attention(pass, cache, 0, kinds, PageTables.PROMPT));
    }
  }

  /**
   * @param positions of rows that attention turns and stores itself, 0 where that has been done
   * @param kinds 0 for rows of any kind
   */
  private Attention attention(Pass pass, DeviceCache cache, long positions, long kinds, int kind) {
    return new Attention(
        pass.rows(),
        cache,
        at.qkv,
        at.attended,
        at.partials,
        at.done,
        Activations.SPLITS,
        shape.type(),
        positions,
        positions == 0 ? 0 : frequencies,
        kinds,
        kind);
  }

  /**
   * Logits [bucket, V], float32, of the rows' hidden states.
   *
   * @param norm address of the final norm
   */
  void head(CudaStream stream, DeviceRows rows, long x, long norm, DeviceMatrix head, long logits) {
    float eps = shape.sizes().rmsNormEps();
    long vocabulary = head.rows();
    if (isSkinny(rows.bucket())) {
      CudaKernels.project(
          stream,
          new Projection(
              rows,
              head,
              x,
              norm,
              logits,
              vocabulary,
              eps,
              Epilogue.STORE_F32,
              shape.type(),
              true));
      return;
    }
    CudaKernels.rmsNorm(
        stream, new RmsNorm(rows, x, 0, norm, at.normed, shape.hidden(), eps, shape.type(), true));
    multiply(stream, head, rows.bucket(), at.normed, logits, CudaType.F32, vocabulary);
  }

  /** As {@link #prepare(DeviceLayers, int)}, for the head. */
  void prepareHead(DeviceMatrix head, int bucket) {
    if (!isSkinny(bucket)) {
      products.prepare(gemm(head, bucket, CudaType.F32, head.rows()));
    }
  }
}
