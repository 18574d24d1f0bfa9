package dev.mor4j.bindings.cuda;

import dev.mor4j.bindings.generated.cuda.mor4j_cuda_decide_expert_args;
import java.lang.foreign.MemorySegment;

/**
 * Expert-choice by threshold: who takes part in a recursion, and with which gate.
 *
 * @param rows rows of the pass
 * @param routers {@link DeviceRouter} for each recursion
 * @param recursions int32 [states]; 0: fixedRecursion for all rows
 * @param z float32 [bucket]
 * @param decision float32 [bucket] of routers that only decide; or z
 * @param thresholds float64 [states]
 * @param maxRecursions int32 [states]
 * @param keep uint8 [states]
 * @param gates float32 [states]
 * @param depths int32 [states]
 * @param alpha factor of gates
 * @param function of z, for gates
 * @param weighted whether gates differ from 1
 * @param fixedRecursion the recursion
 */
public record ExpertDecision(
    DeviceRows rows,
    long routers,
    long recursions,
    long z,
    long decision,
    long thresholds,
    long maxRecursions,
    long keep,
    long gates,
    long depths,
    float alpha,
    RouterFunction function,
    boolean weighted,
    int fixedRecursion) {
  /** Writes the C structure. */
  void write(MemorySegment target) {
    rows.write(mor4j_cuda_decide_expert_args.rows(target));
    mor4j_cuda_decide_expert_args.routers(target, Pointers.of(routers));
    mor4j_cuda_decide_expert_args.recursions(target, Pointers.of(recursions));
    mor4j_cuda_decide_expert_args.z(target, Pointers.of(z));
    mor4j_cuda_decide_expert_args.decision(target, Pointers.of(decision));
    mor4j_cuda_decide_expert_args.logit_thresholds(target, Pointers.of(thresholds));
    mor4j_cuda_decide_expert_args.max_recursions(target, Pointers.of(maxRecursions));
    mor4j_cuda_decide_expert_args.keep(target, Pointers.of(keep));
    mor4j_cuda_decide_expert_args.gates(target, Pointers.of(gates));
    mor4j_cuda_decide_expert_args.depths(target, Pointers.of(depths));
    mor4j_cuda_decide_expert_args.alpha(target, alpha);
    mor4j_cuda_decide_expert_args.function(target, function.code());
    mor4j_cuda_decide_expert_args.weighted(target, weighted ? 1 : 0);
    mor4j_cuda_decide_expert_args.fixed_recursion(target, fixedRecursion);
  }
}
