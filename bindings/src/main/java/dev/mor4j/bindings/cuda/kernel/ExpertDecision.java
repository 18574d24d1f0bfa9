package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_decide_expert_args;
import java.lang.foreign.MemorySegment;

/**
 * Expert-choice by threshold: who takes part in a recursion, and with which gate.
 *
 * @param rows rows of the pass
 * @param scores what the routers say of them
 * @param rule what follows from it
 */
public record ExpertDecision(DeviceRows rows, Scores scores, ExpertRule rule) {
  /**
   * Outputs of routers, which may be the same.
   *
   * @param z float32 [bucket], for gates
   * @param decision float32 [bucket], held against the threshold: outputs of routers that only
   *     decide, or z again
   */
  public record Scores(DeviceView z, DeviceView decision) {}

  /** Writes the C structure. */
  void write(Operation operation, MemorySegment target) {
    rows.write(operation, mor4j_cuda_decide_expert_args.rows(target));
    mor4j_cuda_decide_expert_args.z(
        target, scores.z().pointer(operation, "z", Element.F32, rows.bucket()));
    mor4j_cuda_decide_expert_args.decision(
        target, scores.decision().pointer(operation, "decision", Element.F32, rows.bucket()));
    rule.write(operation, target, rows.states());
  }
}
