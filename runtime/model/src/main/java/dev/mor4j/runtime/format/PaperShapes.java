package dev.mor4j.runtime.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Models in the sizes of the paper (arXiv 2507.10524, section 3), SmolLM's 135M and 360M: vanilla,
 * recursive models of 2, 3 and 4 recursions that share layers in a middle cycle, and
 * Mixture-of-Recursions of the same layers with expert-choice and recursion-wise caching. For
 * {@link RandomModel}: {@code 135m-vanilla}, {@code 360m-recursive3}, {@code 360m-mor3}.
 *
 * <p>A block of N recursions needs {@code (L - 2) mod N = 0}; where the size's own number of layers
 * does not divide, the next lower one is taken: {@code 135m-mor3} has 29 layers of 30, {@code
 * 360m-mor4} 30 of 32.
 */
public final class PaperShapes {
  private static final int MOST_RECURSIONS = 4;

  private enum Size {
    S135M(576, 1536, 9, 3, 30),
    S360M(960, 2560, 15, 5, 32);

    private final int hidden;
    private final int intermediate;
    private final int heads;
    private final int kvHeads;
    private final int layers;

    Size(int hidden, int intermediate, int heads, int kvHeads, int layers) {
      this.hidden = hidden;
      this.intermediate = intermediate;
      this.heads = heads;
      this.kvHeads = kvHeads;
      this.layers = layers;
    }

    private String label() {
      return this == S135M ? "135m" : "360m";
    }

    private ArchitectureConfig architecture(int unrolled) {
      return new ArchitectureConfig(
          hidden,
          intermediate,
          heads,
          kvHeads,
          64,
          unrolled,
          49152,
          2048,
          1e-5f,
          10000,
          true,
          -1,
          List.of());
    }
  }

  private PaperShapes() {}

  /** Every name that {@link #of} knows. */
  public static List<String> names() {
    List<String> names = new ArrayList<>();
    for (Size size : Size.values()) {
      names.add(size.label() + "-vanilla");
      for (int recursions = 2; recursions <= MOST_RECURSIONS; recursions++) {
        names.add(size.label() + "-recursive" + recursions);
        names.add(size.label() + "-mor" + recursions);
      }
    }
    return List.copyOf(names);
  }

  /**
   * The configuration called {@code name}, without aliases: head tied to the embedding, positions
   * up to 2048, no token that begins or ends a text.
   *
   * @throws IllegalArgumentException when there is no such name; the message lists them
   */
  public static ModelConfig of(String name) {
    for (Size size : Size.values()) {
      if (name.equals(size.label() + "-vanilla")) {
        return new ModelConfig(
            size.architecture(size.layers),
            Sharing.NONE,
            1,
            new RoutingConfig.None(),
            Caching.RECURSION_WISE,
            Map.of());
      }
      for (int recursions = 2; recursions <= MOST_RECURSIONS; recursions++) {
        if (name.equals(size.label() + "-mor" + recursions)) {
          return recursive(size, recursions, router(recursions));
        }
        if (name.equals(size.label() + "-recursive" + recursions)) {
          return recursive(size, recursions, new RoutingConfig.None());
        }
      }
    }
    throw new IllegalArgumentException(
        "no paper shape " + name + ", expected one of " + String.join(", ", names()));
  }

  private static ModelConfig recursive(Size size, int recursions, RoutingConfig routing) {
    int layers = size.layers - (size.layers - 2) % recursions;
    return new ModelConfig(
        size.architecture(layers),
        Sharing.MIDDLE_CYCLE,
        recursions,
        routing,
        Caching.RECURSION_WISE,
        Map.of());
  }

  private static RoutingConfig router(int recursions) {
    return new RoutingConfig.ExpertChoice(
        RoutingConfig.RouterKind.LINEAR,
        RoutingConfig.RouterFunction.SIGMOID,
        0.1f,
        1f,
        true,
        capacities(recursions),
        false);
  }

  /** (N - r) / N: every token takes part in recursion 0, 1/N of them in the last. */
  private static List<Double> capacities(int recursions) {
    return IntStream.range(0, recursions)
        .mapToObj(r -> (recursions - r) / (double) recursions)
        .toList();
  }
}
