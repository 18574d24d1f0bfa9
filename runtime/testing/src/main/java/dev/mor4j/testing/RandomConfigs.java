package dev.mor4j.testing;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.RoutingConfig.RouterFunction;
import dev.mor4j.runtime.format.RoutingConfig.RouterKind;
import dev.mor4j.runtime.format.Sharing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Small configurations of every kind, drawn from a seed: odd head counts and sizes, one KV head,
 * untied heads.
 */
public final class RandomConfigs {
  private RandomConfigs() {}

  public static ModelConfig draw(long seed) {
    Random random = new Random(seed);
    int recursions = 1 + random.nextInt(4);
    int blockLayers = 1 + random.nextInt(3);
    int kind = random.nextInt(4);
    Sharing sharing =
        switch (kind) {
          case 0 -> pick(random, List.of(Sharing.values()));
          default -> pick(random, List.of(Sharing.CYCLE, Sharing.MIDDLE_CYCLE));
        };
    if (sharing == Sharing.NONE) {
      recursions = 1;
    }
    RoutingConfig routing =
        switch (kind) {
          case 0 -> new RoutingConfig.None();
          case 1 -> token(random);
          default -> expert(random, recursions);
        };
    Caching caching = pick(random, List.of(Caching.values()));
    if (caching == Caching.SHARED_UPDATE && !(routing instanceof RoutingConfig.ExpertChoice)) {
      caching = Caching.SHARED;
    }
    if (sharing == Sharing.NONE) {
      caching = Caching.RECURSION_WISE;
    }
    int kvHeads = 1 + random.nextInt(3);
    int heads = kvHeads * (1 + random.nextInt(3));
    ArchitectureConfig architecture =
        ArchitectureConfig.builder()
            .hidden(5 + random.nextInt(40))
            .intermediate(3 + random.nextInt(50))
            .heads(heads)
            .kvHeads(kvHeads)
            .headDim(2 * (1 + random.nextInt(9)))
            .layers(2 * sharing.uniqueAtEachEnd() + recursions * blockLayers)
            .vocabulary(11 + random.nextInt(60))
            .maxPositions(160)
            .tiedHead(random.nextBoolean())
            .build();
    return new ModelConfig(architecture, sharing, recursions, routing, caching, Map.of());
  }

  private static RoutingConfig token(Random random) {
    return new RoutingConfig.TokenChoice(
        pick(random, List.of(RouterKind.values())),
        pick(random, List.of(RouterFunction.SOFTMAX, RouterFunction.SIGMOID)),
        0.5f + random.nextFloat(),
        0.5f + random.nextFloat(),
        random.nextBoolean(),
        random.nextBoolean());
  }

  private static RoutingConfig expert(Random random, int recursions) {
    List<Double> capacities = new ArrayList<>();
    double capacity = random.nextBoolean() ? 1 : 0.8;
    for (int r = 0; r < recursions; r++) {
      capacities.add(capacity);
      capacity *= 0.5 + random.nextDouble() / 2;
    }
    return new RoutingConfig.ExpertChoice(
        pick(random, List.of(RouterKind.values())),
        pick(random, List.of(RouterFunction.SIGMOID, RouterFunction.TANH, RouterFunction.NONE)),
        0.1f + random.nextFloat(),
        0.5f + random.nextFloat(),
        random.nextBoolean(),
        capacities,
        random.nextInt(4) == 0);
  }

  public static <T> T pick(Random random, List<T> values) {
    return values.get(random.nextInt(values.size()));
  }
}
