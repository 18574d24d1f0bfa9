package dev.mor4j.runtime.format;

import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * How tokens are given their depth.
 *
 * <p>Source: docs/forward-pass.md, section 5.
 */
public sealed interface RoutingConfig {
  /** No router: every token takes part in every recursion (vanilla and recursive models). */
  record None() implements RoutingConfig {}

  /**
   * Expert-choice: a router for each recursion chooses the tokens that go on.
   *
   * @param router shape of the routers
   * @param function what makes the weight of the router's output
   * @param alpha factor of the weight
   * @param temperature divides the router's input
   * @param weighted whether the block's output is multiplied by the weight
   * @param capacities share of the sequence that takes part in each recursion, descending, each in
   *     (0, 1]
   * @param auxiliaryRouter whether a second router decides by its sign, and the first gives only
   *     the weight
   */
  record ExpertChoice(
      RouterKind router,
      RouterFunction function,
      float alpha,
      float temperature,
      boolean weighted,
      List<Double> capacities,
      boolean auxiliaryRouter)
      implements RoutingConfig {
    public ExpertChoice {
      Objects.requireNonNull(router, "router");
      Objects.requireNonNull(function, "function");
      Objects.requireNonNull(capacities, "capacities");
      capacities = List.copyOf(capacities);
    }
  }

  /**
   * Token-choice: one router gives every token its depth before the first recursion.
   *
   * @param router shape of the router
   * @param function {@link RouterFunction#SOFTMAX} or {@link RouterFunction#SIGMOID}
   * @param alpha factor of the weight
   * @param temperature divides the router's input
   * @param weighted whether the block's output is multiplied by the weight
   * @param lossFreeBias whether a bias is added for the choice (not for the weight)
   */
  record TokenChoice(
      RouterKind router,
      RouterFunction function,
      float alpha,
      float temperature,
      boolean weighted,
      boolean lossFreeBias)
      implements RoutingConfig {
    public TokenChoice {
      Objects.requireNonNull(router, "router");
      Objects.requireNonNull(function, "function");
    }
  }

  /** Shape of a router; none has a bias. */
  enum RouterKind {
    /** H → outs. */
    LINEAR,
    /** H → 2H, exact GELU, 2H → outs. */
    MLP,
    /** H → 2H, exact GELU, 2H → outs. */
    WIDE_MLP;

    /** The name in configurations. */
    public String configName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** What makes a weight of a router's output. */
  enum RouterFunction {
    /** The output itself, without alpha. */
    NONE,
    /** alpha · sigmoid(z). */
    SIGMOID,
    /** alpha · tanh(z). */
    TANH,
    /** alpha · softmax(z), over the recursions; token-choice only. */
    SOFTMAX;

    /** The name in configurations. */
    public String configName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
