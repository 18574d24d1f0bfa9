package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.CudaStream;
import dev.mor4j.bindings.cuda.Pointers;
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
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * The launchers of {@code native/include/mor4j_cuda.h}, which says what each computes. A call only
 * enqueues one kernel on the stream, so that it can be captured; it allocates and waits for
 * nothing. Addresses are device memory, aligned to 16 bytes, which the caller keeps until the work
 * is done; 0 where there is nothing. Threads as {@link CudaStream}.
 *
 * <p>Each throws {@link CudaException} when an argument is out of range, which poisons the context,
 * and {@link IllegalStateException} when the stream is closed or its context unusable.
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
   * Floats of {@link Attention#partials()}.
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
      CudaStream stream, DeviceRows rows, DeviceMatrix table, long ids, long x) {
    launch(
        stream,
        "mor4j_cuda_embed",
        mor4j_cuda_embed_args.layout(),
        target -> {
          rows.write(mor4j_cuda_embed_args.rows(target));
          table.write(mor4j_cuda_embed_args.table(target));
          mor4j_cuda_embed_args.ids(target, Pointers.of(ids));
          mor4j_cuda_embed_args.x(target, Pointers.of(x));
        },
        Mor4jCuda::mor4j_cuda_embed);
  }

  /** {@code y[i] = x[list[i]]}; x float32 [states, H], y float32 [bucket, H]. */
  public static void gather(CudaStream stream, DeviceRows rows, long x, long y, long hidden) {
    launch(
        stream,
        "mor4j_cuda_gather",
        mor4j_cuda_gather_args.layout(),
        target -> {
          rows.write(mor4j_cuda_gather_args.rows(target));
          mor4j_cuda_gather_args.x(target, Pointers.of(x));
          mor4j_cuda_gather_args.y(target, Pointers.of(y));
          mor4j_cuda_gather_args.hidden(target, hidden);
        },
        Mor4jCuda::mor4j_cuda_gather);
  }

  /** {@code to[r] = from[r]}; both float32 [states, H]. */
  public static void copyRows(CudaStream stream, DeviceRows rows, long from, long to, long hidden) {
    launch(
        stream,
        "mor4j_cuda_copy_rows",
        mor4j_cuda_copy_rows_args.layout(),
        target -> {
          rows.write(mor4j_cuda_copy_rows_args.rows(target));
          mor4j_cuda_copy_rows_args.from(target, Pointers.of(from));
          mor4j_cuda_copy_rows_args.to(target, Pointers.of(to));
          mor4j_cuda_copy_rows_args.hidden(target, hidden);
        },
        Mor4jCuda::mor4j_cuda_copy_rows);
  }

  /** RMSNorm, after a residual is added where there is one. */
  public static void rmsNorm(CudaStream stream, RmsNorm norm) {
    launch(
        stream,
        "mor4j_cuda_rmsnorm",
        mor4j_cuda_rmsnorm_args.layout(),
        norm::write,
        Mor4jCuda::mor4j_cuda_rmsnorm);
  }

  /** Positions for queries and keys; keys and values into the cache. */
  public static void ropeAppend(CudaStream stream, RopeAppend append) {
    launch(
        stream,
        "mor4j_cuda_rope_append",
        mor4j_cuda_rope_append_args.layout(),
        append::write,
        Mor4jCuda::mor4j_cuda_rope_append);
  }

  /** Attention for rows of different sequences. */
  public static void attendDecode(CudaStream stream, Attention attention) {
    launch(
        stream,
        "mor4j_cuda_attend_decode",
        mor4j_cuda_attend_args.layout(),
        attention::write,
        Mor4jCuda::mor4j_cuda_attend_decode);
  }

  /** Attention for many rows of the same sequences side by side. */
  public static void attendPrefill(CudaStream stream, Attention attention) {
    launch(
        stream,
        "mor4j_cuda_attend_prefill",
        mor4j_cuda_attend_args.layout(),
        attention::write,
        Mor4jCuda::mor4j_cuda_attend_prefill);
  }

  /**
   * {@code out[i][f] = silu(gateUp[i][f]) * gateUp[i][F + f]}; gateUp [bucket, 2F], out [bucket, F]
   * of the type.
   */
  public static void siluMul(
      CudaStream stream, DeviceRows rows, long gateUp, long out, long intermediate, CudaType type) {
    launch(
        stream,
        "mor4j_cuda_silu_mul",
        mor4j_cuda_silu_mul_args.layout(),
        target -> {
          rows.write(mor4j_cuda_silu_mul_args.rows(target));
          mor4j_cuda_silu_mul_args.gate_up(target, Pointers.of(gateUp));
          mor4j_cuda_silu_mul_args.out(target, Pointers.of(out));
          mor4j_cuda_silu_mul_args.intermediate(target, intermediate);
          mor4j_cuda_silu_mul_args.type(target, type.code());
        },
        Mor4jCuda::mor4j_cuda_silu_mul);
  }

  /** A product of few rows. */
  public static void project(CudaStream stream, Projection projection) {
    launch(
        stream,
        "mor4j_cuda_project",
        mor4j_cuda_project_args.layout(),
        projection::write,
        Mor4jCuda::mor4j_cuda_project);
  }

  /** The numbers of an INT8 matrix; out [rows, cols] of the type. */
  public static void dequantize(CudaStream stream, DeviceMatrix matrix, long out, CudaType type) {
    launch(
        stream,
        "mor4j_cuda_dequantize",
        mor4j_cuda_dequantize_args.layout(),
        target -> {
          matrix.write(mor4j_cuda_dequantize_args.matrix(target));
          mor4j_cuda_dequantize_args.out(target, Pointers.of(out));
          mor4j_cuda_dequantize_args.type(target, type.code());
        },
        Mor4jCuda::mor4j_cuda_dequantize);
  }

  /** The outputs of routers. */
  public static void route(CudaStream stream, Routing routing) {
    launch(
        stream,
        "mor4j_cuda_route",
        mor4j_cuda_route_args.layout(),
        routing::write,
        Mor4jCuda::mor4j_cuda_route);
  }

  /** Expert-choice by threshold. */
  public static void decideExpert(CudaStream stream, ExpertDecision decision) {
    launch(
        stream,
        "mor4j_cuda_decide_expert",
        mor4j_cuda_decide_expert_args.layout(),
        decision::write,
        Mor4jCuda::mor4j_cuda_decide_expert);
  }

  /** Token-choice. */
  public static void decideToken(CudaStream stream, TokenDecision decision) {
    launch(
        stream,
        "mor4j_cuda_decide_token",
        mor4j_cuda_decide_token_args.layout(),
        decision::write,
        Mor4jCuda::mor4j_cuda_decide_token);
  }

  /** {@code keep[r] = recursion < depths[r]}; depths int32, keep uint8 [states]. */
  public static void keepDeeper(
      CudaStream stream, DeviceRows rows, long depths, long keep, int recursion) {
    launch(
        stream,
        "mor4j_cuda_keep_deeper",
        mor4j_cuda_keep_deeper_args.layout(),
        target -> {
          rows.write(mor4j_cuda_keep_deeper_args.rows(target));
          mor4j_cuda_keep_deeper_args.depths(target, Pointers.of(depths));
          mor4j_cuda_keep_deeper_args.keep(target, Pointers.of(keep));
          mor4j_cuda_keep_deeper_args.recursion(target, recursion);
        },
        Mor4jCuda::mor4j_cuda_keep_deeper);
  }

  /**
   * The rows with {@code keep[r] != 0} in the same order; the results may take the place of the
   * list and the count.
   */
  public static void compact(
      CudaStream stream, DeviceRows rows, long keep, long outList, long outCount) {
    launch(
        stream,
        "mor4j_cuda_compact",
        mor4j_cuda_compact_args.layout(),
        target -> {
          rows.write(mor4j_cuda_compact_args.rows(target));
          mor4j_cuda_compact_args.keep(target, Pointers.of(keep));
          mor4j_cuda_compact_args.out_list(target, Pointers.of(outList));
          mor4j_cuda_compact_args.out_count(target, Pointers.of(outCount));
        },
        Mor4jCuda::mor4j_cuda_compact);
  }

  /** The end of a pass of layers. */
  public static void scatter(CudaStream stream, Scatter scatter) {
    launch(
        stream,
        "mor4j_cuda_scatter",
        mor4j_cuda_scatter_args.layout(),
        scatter::write,
        Mor4jCuda::mor4j_cuda_scatter);
  }

  /**
   * The end of a pass of layers and the next decision, by linear routers with one output; z float32
   * [bucket]. Rows, z and {@code decision} of the decision are unused, its recursions 0.
   */
  public static void scatterRoute(
      CudaStream stream, Scatter scatter, ExpertDecision decision, long z) {
    launch(
        stream,
        "mor4j_cuda_scatter_route",
        mor4j_cuda_scatter_route_args.layout(),
        target -> {
          scatter.write(mor4j_cuda_scatter_route_args.scatter(target));
          decision.write(mor4j_cuda_scatter_route_args.decide(target));
          mor4j_cuda_scatter_route_args.z(target, Pointers.of(z));
        },
        Mor4jCuda::mor4j_cuda_scatter_route);
  }

  /** {@code x[r] += gates[r] * y[r]}; x, y float32 [states, H], gates float32 [states]. */
  public static void addGated(
      CudaStream stream, DeviceRows rows, long x, long y, long gates, long hidden) {
    launch(
        stream,
        "mor4j_cuda_add_gated",
        mor4j_cuda_add_gated_args.layout(),
        target -> {
          rows.write(mor4j_cuda_add_gated_args.rows(target));
          mor4j_cuda_add_gated_args.x(target, Pointers.of(x));
          mor4j_cuda_add_gated_args.y(target, Pointers.of(y));
          mor4j_cuda_add_gated_args.gates(target, Pointers.of(gates));
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
      long logits,
      long sampling,
      long tokens,
      long vocabulary) {
    launch(
        stream,
        "mor4j_cuda_sample",
        mor4j_cuda_sample_args.layout(),
        target -> {
          rows.write(mor4j_cuda_sample_args.rows(target));
          mor4j_cuda_sample_args.logits(target, Pointers.of(logits));
          mor4j_cuda_sample_args.sampling(target, Pointers.of(sampling));
          mor4j_cuda_sample_args.tokens(target, Pointers.of(tokens));
          mor4j_cuda_sample_args.vocabulary(target, vocabulary);
        },
        Mor4jCuda::mor4j_cuda_sample);
  }

  /** A launcher of the C ABI: from its arguments and a stream to a cudaError_t. */
  private interface Launcher {
    int launch(MemorySegment arguments, MemorySegment stream);
  }

  /** Calls a launcher with a structure of {@code layout} that {@code write} fills, 0 before. */
  private static void launch(
      CudaStream stream,
      String function,
      MemoryLayout layout,
      Consumer<MemorySegment> write,
      Launcher launcher) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment arguments = arena.allocate(layout);
      write.accept(arguments);
      stream.context().check(function, launcher.launch(arguments, stream.handle()));
    }
  }
}
