package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.cuda.DeviceView;
import dev.mor4j.bindings.cuda.Element;
import dev.mor4j.bindings.cuda.Operation;
import dev.mor4j.bindings.generated.cuda.mor4j_cuda_decide_token_args;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Token-choice: how many recursions a row takes, and with which gate.
 *
 * @param rows rows of the pass
 * @param z float32 [bucket, outs]
 * @param bias float32 [outs], added to the scores for the choice of the largest, not for the gate
 * @param maxRecursions int32 [states]
 * @param outcomes where the decision goes
 * @param gate how scores become gates: of SIGMOID or SOFTMAX
 * @param outs outputs of the router
 */
public record TokenDecision(
    DeviceRows rows,
    DeviceView z,
    Optional<DeviceView> bias,
    DeviceView maxRecursions,
    Outcomes outcomes,
    Gate gate,
    int outs) {
  /** Writes the C structure. */
  void write(Operation operation, MemorySegment target) {
    int states = rows.states();
    rows.write(operation, mor4j_cuda_decide_token_args.rows(target));
    mor4j_cuda_decide_token_args.z(
        target, z.pointer(operation, "z", Element.F32, (long) rows.bucket() * outs));
    if (bias.isPresent()) {
      mor4j_cuda_decide_token_args.bias(
          target, bias.get().pointer(operation, "bias", Element.F32, outs));
    }
    mor4j_cuda_decide_token_args.max_recursions(
        target, maxRecursions.pointer(operation, "max_recursions", Element.INT32, states));
    mor4j_cuda_decide_token_args.keep(
        target, outcomes.keep().pointer(operation, "keep", Element.UINT8, states));
    mor4j_cuda_decide_token_args.gates(
        target, outcomes.gates().pointer(operation, "gates", Element.F32, states));
    mor4j_cuda_decide_token_args.depths(
        target, outcomes.depths().pointer(operation, "depths", Element.INT32, states));
    mor4j_cuda_decide_token_args.outs(target, outs);
    mor4j_cuda_decide_token_args.alpha(target, gate.alpha());
    mor4j_cuda_decide_token_args.function(target, gate.function().code());
    mor4j_cuda_decide_token_args.weighted(target, gate.weighted() ? 1 : 0);
  }
}
