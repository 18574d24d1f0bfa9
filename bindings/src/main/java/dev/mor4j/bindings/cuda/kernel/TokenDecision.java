package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.Pointers;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_decide_token_args;
import java.lang.foreign.MemorySegment;

/**
 * Token-choice: how many recursions a row takes, and with which gate.
 *
 * @param rows rows of the pass
 * @param z float32 [bucket, outs]
 * @param bias float32 [outs] or 0
 * @param maxRecursions int32 [states]
 * @param keep uint8 [states]
 * @param gates float32 [states]
 * @param depths int32 [states]
 * @param outs outputs of the router
 * @param alpha factor of gates
 * @param function SIGMOID or SOFTMAX
 * @param weighted whether gates differ from 1
 */
public record TokenDecision(
    DeviceRows rows,
    long z,
    long bias,
    long maxRecursions,
    long keep,
    long gates,
    long depths,
    int outs,
    float alpha,
    RouterFunction function,
    boolean weighted) {
  /** Writes the C structure. */
  void write(MemorySegment target) {
    rows.write(mor4j_cuda_decide_token_args.rows(target));
    mor4j_cuda_decide_token_args.z(target, Pointers.of(z));
    mor4j_cuda_decide_token_args.bias(target, Pointers.of(bias));
    mor4j_cuda_decide_token_args.max_recursions(target, Pointers.of(maxRecursions));
    mor4j_cuda_decide_token_args.keep(target, Pointers.of(keep));
    mor4j_cuda_decide_token_args.gates(target, Pointers.of(gates));
    mor4j_cuda_decide_token_args.depths(target, Pointers.of(depths));
    mor4j_cuda_decide_token_args.outs(target, outs);
    mor4j_cuda_decide_token_args.alpha(target, alpha);
    mor4j_cuda_decide_token_args.function(target, function.code());
    mor4j_cuda_decide_token_args.weighted(target, weighted ? 1 : 0);
  }
}
