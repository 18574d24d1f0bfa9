package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.library.CudaLibraries;
import dev.mor4j.bindings.cuda.status.CudaException;
import dev.mor4j.bindings.generated.cuda.Mor4jCuda;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_add_gated_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_attend_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_compact_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_copy_rows_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_decide_expert_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_decide_token_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_dequantize_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_embed_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_gather_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_keep_deeper_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_project_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_rmsnorm_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_rope_append_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_route_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_sample_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_scatter_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_scatter_route_args;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_silu_mul_args;
import java.util.Optional;

/**
 * The launchers of {@code native/include/mor4j_cuda.h}, which says what each computes. A call only
 * enqueues one kernel on the stream, so that it can be captured; it allocates and waits for
 * nothing. The caller keeps the memory of its views until the work is done. Threads as {@link
 * CudaStream}.
 *
 * <p>Every view is checked before the launch. Each launcher throws {@link IllegalArgumentException}
 * where one is of another element, shorter, or of another context than it should be, and {@link
 * IllegalStateException} where its memory is closed, the stream is closed or the context unusable.
 * Each throws {@link CudaException} when another argument is out of range, which poisons the
 * context.
 */
public final class CudaKernels {
  /** Most rows of a bucket that {@link #project} takes. */
  public static final int SKINNY_ROWS = Mor4jCuda.MOR4J_CUDA_SKINNY_ROWS();

  /** Largest head size. */
  public static final int MAX_HEAD_DIM = Mor4jCuda.MOR4J_CUDA_MAX_HEAD_DIM();

  /** Most outputs of a router. */
  public static final int MAX_OUTPUTS = Mor4jCuda.MOR4J_CUDA_MAX_OUTPUTS();

  private CudaKernels() {}

  /**
   * Floats of {@link Attention.Split#partials()}.
   *
   * @throws IllegalStateException when there is no CUDA
   * @throws IllegalArgumentException when an argument is out of range
   */
  public static long partialFloats(int bucket, int heads, int headDim, int splits) {
    CudaLibraries.instance().requireAvailable();
    long floats = Mor4jCuda.mor4j_cuda_partial_floats(bucket, heads, headDim, splits);
    if (floats < 0) {
      throw new IllegalArgumentException(
          "attention of "
              + bucket
              + " rows, "
              + heads
              + " × "
              + headDim
              + ", "
              + splits
              + " splits");
    }
    return floats;
  }

  /**
   * {@code x[r] = table[ids[r]]}; ids int32 [states], in [0, V): checked by nobody; x float32
   * [states, H].
   */
  public static void embed(
      CudaStream stream, DeviceRows rows, DeviceMatrix table, DeviceView ids, DeviceView x) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_embed",
        mor4j_cuda_embed_args.layout(),
        (operation, target) -> {
          rows.write(operation, mor4j_cuda_embed_args.rows(target));
          table.write(
              operation.in("table"), mor4j_cuda_embed_args.table(target), table.data().element());
          mor4j_cuda_embed_args.ids(
              target, ids.pointer(operation, "ids", Element.INT32, rows.states()));
          mor4j_cuda_embed_args.x(
              target, x.pointer(operation, "x", Element.F32, rows.states() * table.cols()));
        },
        Mor4jCuda::mor4j_cuda_embed);
  }

  /** {@code y[i] = x[list[i]]}; x float32 [states, H], y float32 [bucket, H]. */
  public static void gather(
      CudaStream stream, DeviceRows rows, DeviceView x, DeviceView y, long hidden) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_gather",
        mor4j_cuda_gather_args.layout(),
        (operation, target) -> {
          rows.write(operation, mor4j_cuda_gather_args.rows(target));
          mor4j_cuda_gather_args.x(
              target, x.pointer(operation, "x", Element.F32, rows.states() * hidden));
          mor4j_cuda_gather_args.y(
              target, y.pointer(operation, "y", Element.F32, rows.bucket() * hidden));
          mor4j_cuda_gather_args.hidden(target, hidden);
        },
        Mor4jCuda::mor4j_cuda_gather);
  }

  /** {@code to[r] = from[r]}; both float32 [states, H]. */
  public static void copyRows(
      CudaStream stream, DeviceRows rows, DeviceView from, DeviceView to, long hidden) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_copy_rows",
        mor4j_cuda_copy_rows_args.layout(),
        (operation, target) -> {
          long count = rows.states() * hidden;
          rows.write(operation, mor4j_cuda_copy_rows_args.rows(target));
          mor4j_cuda_copy_rows_args.from(
              target, from.pointer(operation, "from", Element.F32, count));
          mor4j_cuda_copy_rows_args.to(target, to.pointer(operation, "to", Element.F32, count));
          mor4j_cuda_copy_rows_args.hidden(target, hidden);
        },
        Mor4jCuda::mor4j_cuda_copy_rows);
  }

  /** RMSNorm, after a residual is added where there is one. */
  public static void rmsNorm(CudaStream stream, RmsNorm norm) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_rmsnorm",
        mor4j_cuda_rmsnorm_args.layout(),
        norm::write,
        Mor4jCuda::mor4j_cuda_rmsnorm);
  }

  /** Positions for queries and keys; keys and values into the cache. */
  public static void ropeAppend(CudaStream stream, RopeAppend append) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_rope_append",
        mor4j_cuda_rope_append_args.layout(),
        append::write,
        Mor4jCuda::mor4j_cuda_rope_append);
  }

  /**
   * Attention for rows of different sequences.
   *
   * @param split how contexts are divided; empty for contexts that are not
   * @param rotation where it is given, the launch first does what {@link #ropeAppend} does, but
   *     leaves qkv as it is; that is for rows of which none stores what another one attends to
   */
  public static void attendDecode(
      CudaStream stream,
      Attention attention,
      Optional<Attention.Split> split,
      Optional<Rotation> rotation) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_attend_decode",
        mor4j_cuda_attend_args.layout(),
        (operation, target) -> attention.write(operation, target, split, rotation),
        Mor4jCuda::mor4j_cuda_attend_decode);
  }

  /** Attention for many rows of the same sequences side by side. */
  public static void attendPrefill(CudaStream stream, Attention attention) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_attend_prefill",
        mor4j_cuda_attend_args.layout(),
        attention::write,
        Mor4jCuda::mor4j_cuda_attend_prefill);
  }

  /**
   * {@code out[i][f] = silu(gateUp[i][f]) * gateUp[i][F + f]}; gateUp T [bucket, 2F], out T
   * [bucket, F].
   */
  public static void siluMul(
      CudaStream stream, DeviceRows rows, DeviceView gateUp, DeviceView out, long intermediate) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_silu_mul",
        mor4j_cuda_silu_mul_args.layout(),
        (operation, target) -> {
          long count = rows.bucket() * intermediate;
          CudaType type = CudaType.ofActivations(operation, "out", out);
          rows.write(operation, mor4j_cuda_silu_mul_args.rows(target));
          mor4j_cuda_silu_mul_args.gate_up(
              target, gateUp.pointer(operation, "gate_up", type.element(), 2 * count));
          mor4j_cuda_silu_mul_args.out(
              target, out.pointer(operation, "out", type.element(), count));
          mor4j_cuda_silu_mul_args.intermediate(target, intermediate);
          mor4j_cuda_silu_mul_args.type(target, type.code());
        },
        Mor4jCuda::mor4j_cuda_silu_mul);
  }

  /** A product of few rows. */
  public static void project(CudaStream stream, Projection projection) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_project",
        mor4j_cuda_project_args.layout(),
        projection::write,
        Mor4jCuda::mor4j_cuda_project);
  }

  /** The numbers of an INT8 matrix; out T [rows, cols]. */
  public static void dequantize(CudaStream stream, DeviceMatrix matrix, DeviceView out) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_dequantize",
        mor4j_cuda_dequantize_args.layout(),
        (operation, target) -> {
          CudaType type = CudaType.ofActivations(operation, "out", out);
          matrix.write(
              operation.in("matrix"), mor4j_cuda_dequantize_args.matrix(target), Element.INT8);
          mor4j_cuda_dequantize_args.out(
              target, out.pointer(operation, "out", type.element(), matrix.rows() * matrix.cols()));
          mor4j_cuda_dequantize_args.type(target, type.code());
        },
        Mor4jCuda::mor4j_cuda_dequantize);
  }

  /** The outputs of routers. */
  public static void route(CudaStream stream, Routing routing) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_route",
        mor4j_cuda_route_args.layout(),
        routing::write,
        Mor4jCuda::mor4j_cuda_route);
  }

  /** Expert-choice by threshold. */
  public static void decideExpert(CudaStream stream, ExpertDecision decision) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_decide_expert",
        mor4j_cuda_decide_expert_args.layout(),
        decision::write,
        Mor4jCuda::mor4j_cuda_decide_expert);
  }

  /** Token-choice. */
  public static void decideToken(CudaStream stream, TokenDecision decision) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_decide_token",
        mor4j_cuda_decide_token_args.layout(),
        decision::write,
        Mor4jCuda::mor4j_cuda_decide_token);
  }

  /** {@code keep[r] = recursion < depths[r]}; depths int32, keep uint8 [states]. */
  public static void keepDeeper(
      CudaStream stream, DeviceRows rows, DeviceView depths, DeviceView keep, int recursion) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_keep_deeper",
        mor4j_cuda_keep_deeper_args.layout(),
        (operation, target) -> {
          rows.write(operation, mor4j_cuda_keep_deeper_args.rows(target));
          mor4j_cuda_keep_deeper_args.depths(
              target, depths.pointer(operation, "depths", Element.INT32, rows.states()));
          mor4j_cuda_keep_deeper_args.keep(
              target, keep.pointer(operation, "keep", Element.UINT8, rows.states()));
          mor4j_cuda_keep_deeper_args.recursion(target, recursion);
        },
        Mor4jCuda::mor4j_cuda_keep_deeper);
  }

  /**
   * The rows with {@code keep[r] != 0} in the same order; keep uint8 [states], outList int32
   * [bucket], outCount int32 [1]. The results may take the place of the list and the count.
   */
  public static void compact(
      CudaStream stream,
      DeviceRows rows,
      DeviceView keep,
      DeviceView outList,
      DeviceView outCount) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_compact",
        mor4j_cuda_compact_args.layout(),
        (operation, target) -> {
          rows.write(operation, mor4j_cuda_compact_args.rows(target));
          mor4j_cuda_compact_args.keep(
              target, keep.pointer(operation, "keep", Element.UINT8, rows.states()));
          mor4j_cuda_compact_args.out_list(
              target, outList.pointer(operation, "out_list", Element.INT32, rows.bucket()));
          mor4j_cuda_compact_args.out_count(
              target, outCount.pointer(operation, "out_count", Element.INT32, 1));
        },
        Mor4jCuda::mor4j_cuda_compact);
  }

  /** The end of a pass of layers. */
  public static void scatter(CudaStream stream, Scatter scatter) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_scatter",
        mor4j_cuda_scatter_args.layout(),
        scatter::write,
        Mor4jCuda::mor4j_cuda_scatter);
  }

  /**
   * The end of a pass of layers and the next decision about its rows, by linear routers with one
   * output; z float32 [bucket].
   *
   * @param rule decides about one recursion for all rows
   */
  public static void scatterRoute(
      CudaStream stream, Scatter scatter, ExpertRule rule, DeviceView z) {
    if (!(rule.recursion() instanceof Recursion.Fixed)) {
      throw new IllegalArgumentException(
          "mor4j_cuda_scatter_route: decide.recursions is "
              + rule.recursion()
              + ", expected one recursion for all rows");
    }
    KernelLaunch.run(
        stream,
        "mor4j_cuda_scatter_route",
        mor4j_cuda_scatter_route_args.layout(),
        (operation, target) -> {
          DeviceRows rows = scatter.rows();
          scatter.write(operation.in("scatter"), mor4j_cuda_scatter_route_args.scatter(target));
          rule.write(
              operation.in("decide"), mor4j_cuda_scatter_route_args.decide(target), rows.states());
          mor4j_cuda_scatter_route_args.z(
              target, z.pointer(operation, "z", Element.F32, rows.bucket()));
        },
        Mor4jCuda::mor4j_cuda_scatter_route);
  }

  /** {@code x[r] += gates[r] * y[r]}; x, y float32 [states, H], gates float32 [states]. */
  public static void addGated(
      CudaStream stream,
      DeviceRows rows,
      DeviceView x,
      DeviceView y,
      DeviceView gates,
      long hidden) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_add_gated",
        mor4j_cuda_add_gated_args.layout(),
        (operation, target) -> {
          long count = rows.states() * hidden;
          rows.write(operation, mor4j_cuda_add_gated_args.rows(target));
          mor4j_cuda_add_gated_args.x(target, x.pointer(operation, "x", Element.F32, count));
          mor4j_cuda_add_gated_args.y(target, y.pointer(operation, "y", Element.F32, count));
          mor4j_cuda_add_gated_args.gates(
              target, gates.pointer(operation, "gates", Element.F32, rows.states()));
          mor4j_cuda_add_gated_args.hidden(target, hidden);
        },
        Mor4jCuda::mor4j_cuda_add_gated);
  }

  /**
   * Chooses tokens; logits float32 [bucket, V], sampling {@link DeviceSampling} [bucket], tokens
   * int32 [bucket], -1 where no logit is usable.
   */
  public static void sample(
      CudaStream stream,
      DeviceRows rows,
      DeviceView logits,
      DeviceView sampling,
      DeviceView tokens,
      long vocabulary) {
    KernelLaunch.run(
        stream,
        "mor4j_cuda_sample",
        mor4j_cuda_sample_args.layout(),
        (operation, target) -> {
          int bucket = rows.bucket();
          rows.write(operation, mor4j_cuda_sample_args.rows(target));
          mor4j_cuda_sample_args.logits(
              target, logits.pointer(operation, "logits", Element.F32, bucket * vocabulary));
          mor4j_cuda_sample_args.sampling(
              target, sampling.pointer(operation, "sampling", Element.SAMPLING, bucket));
          mor4j_cuda_sample_args.tokens(
              target, tokens.pointer(operation, "tokens", Element.INT32, bucket));
          mor4j_cuda_sample_args.vocabulary(target, vocabulary);
        },
        Mor4jCuda::mor4j_cuda_sample);
  }
}
