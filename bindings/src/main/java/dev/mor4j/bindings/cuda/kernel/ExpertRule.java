package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_decide_expert_args;
import java.lang.foreign.MemorySegment;

/**
 * The rule of expert-choice by threshold: a row whose score reaches its threshold takes part.
 *
 * @param routers {@link DeviceRouter}, one for each recursion; some take all rows
 * @param limits who may take part
 * @param outcomes where the decision goes
 * @param gate how scores become gates
 * @param recursion which recursion is decided about
 */
public record ExpertRule(
    DeviceView routers, Limits limits, Outcomes outcomes, Gate gate, Recursion recursion) {
  /**
   * Who may take part.
   *
   * @param logitThresholds float64 [states], the least score, a logit
   * @param maxRecursions int32 [states], how many recursions a row may take
   */
  public record Limits(DeviceView logitThresholds, DeviceView maxRecursions) {}

  /** Writes the C structure, except for rows and scores. */
  void write(Operation operation, MemorySegment target, int states) {
    mor4j_cuda_decide_expert_args.routers(
        target, routers.pointer(operation, "routers", Element.ROUTER, recursion.leastRouters()));
    switch (recursion) {
      case Recursion.Fixed fixed ->
          mor4j_cuda_decide_expert_args.fixed_recursion(target, fixed.index());
      case Recursion.PerRow perRow ->
          mor4j_cuda_decide_expert_args.recursions(
              target, perRow.recursions().pointer(operation, "recursions", Element.INT32, states));
    }
    mor4j_cuda_decide_expert_args.logit_thresholds(
        target,
        limits.logitThresholds().pointer(operation, "logit_thresholds", Element.F64, states));
    mor4j_cuda_decide_expert_args.max_recursions(
        target, limits.maxRecursions().pointer(operation, "max_recursions", Element.INT32, states));
    mor4j_cuda_decide_expert_args.keep(
        target, outcomes.keep().pointer(operation, "keep", Element.UINT8, states));
    mor4j_cuda_decide_expert_args.gates(
        target, outcomes.gates().pointer(operation, "gates", Element.F32, states));
    mor4j_cuda_decide_expert_args.depths(
        target, outcomes.depths().pointer(operation, "depths", Element.INT32, states));
    mor4j_cuda_decide_expert_args.alpha(target, gate.alpha());
    mor4j_cuda_decide_expert_args.function(target, Codes.of(gate.function()));
    mor4j_cuda_decide_expert_args.weighted(target, gate.weighted() ? 1 : 0);
  }
}
