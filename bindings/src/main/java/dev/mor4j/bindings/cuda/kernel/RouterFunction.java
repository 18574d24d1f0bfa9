package dev.mor4j.bindings.cuda.kernel;

import dev.mor4j.bindings.generated.cuda.Mor4jCuda;

/** Functions of a router's output. */
public enum RouterFunction {
  /** None. */
  IDENTITY(Mor4jCuda.MOR4J_CUDA_IDENTITY()),
  /** Sigmoid. */
  SIGMOID(Mor4jCuda.MOR4J_CUDA_SIGMOID()),
  /** Hyperbolic tangent. */
  TANH(Mor4jCuda.MOR4J_CUDA_TANH()),
  /** Softmax over the outputs; token-choice only. */
  SOFTMAX(Mor4jCuda.MOR4J_CUDA_SOFTMAX());

  private final int code;

  RouterFunction(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
