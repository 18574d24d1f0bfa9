package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.format.Sharing;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The token loop, {@link TokenStream#nextId()} after its first token, allocates nothing on the
 * heap.
 *
 * <p>Nothing here counts on the JIT to remove objects: interpreted code gives 0 as well. But the
 * first tokens load classes, and after 127 calls the JVM compiles the method handle of each
 * downcall, which takes some 67 KB once. So a generation is repeated until one round is clean. One
 * is enough: an object a token would show in every round. Rounds are bounded by their number, not
 * by time.
 */
class AllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int CONTEXT = 640;

  /** Over 16 pages of a cache and two stretches of rotary angles. */
  private static final int TOKENS = 520;

  private static final int MOST_ROUNDS = 40;

  @TempDir Path folder;

  record Model(
      String name, RoutingConfig routing, Sharing sharing, int recursions, Caching caching) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final RoutingConfig EXPERT =
      new RoutingConfig.ExpertChoice(
          RoutingConfig.RouterKind.LINEAR,
          RoutingConfig.RouterFunction.SIGMOID,
          0.1f,
          1,
          true,
          List.of(1.0, 2 / 3.0, 1 / 3.0),
          false);

  private static final RoutingConfig TOKEN =
      new RoutingConfig.TokenChoice(
          RoutingConfig.RouterKind.MLP, RoutingConfig.RouterFunction.SOFTMAX, 1, 1, true, true);

  static List<Model> models() {
    return List.of(
        new Model("vanilla", new RoutingConfig.None(), Sharing.NONE, 1, Caching.RECURSION_WISE),
        new Model("expert", EXPERT, Sharing.MIDDLE_CYCLE, 3, Caching.RECURSION_WISE),
        new Model("expert, shared", EXPERT, Sharing.MIDDLE_CYCLE, 3, Caching.SHARED),
        new Model("expert, updated", EXPERT, Sharing.MIDDLE_CYCLE, 3, Caching.SHARED_UPDATE),
        new Model("token", TOKEN, Sharing.CYCLE, 2, Caching.RECURSION_WISE),
        new Model("token, shared", TOKEN, Sharing.MIDDLE_CYCLE, 2, Caching.SHARED));
  }

  private Path write(Model model) throws IOException {
    int layers =
        model.sharing() == Sharing.NONE
            ? 3
            : 2 * model.sharing().uniqueAtEachEnd() + model.recursions();
    ArchitectureConfig architecture =
        new ArchitectureConfig(
            16, 24, 2, 1, 8, layers, 256, CONTEXT, 1e-5f, 10000, true, -1, List.of());
    ModelConfig config =
        new ModelConfig(
            architecture,
            model.sharing(),
            model.recursions(),
            model.routing(),
            model.caching(),
            Map.of());
    RandomModel.write(folder, config, DType.F32, 5);
    return folder;
  }

  /** Greedy, and sampled with everything that sampling has. */
  private static List<GenerationOptions> options() {
    GenerationOptions all = GenerationOptions.greedy().withMaxNewTokens(CONTEXT);
    return List.of(
        all,
        all.withTemperature(0.9)
            .withTopK(50)
            .withTopP(0.9)
            .withMinP(0.01)
            .withRepetitionPenalty(1.1)
            .withSeed(3));
  }

  @ParameterizedTest
  @MethodSource("models")
  void idsAreDecodedWithoutAllocating(Model kind) throws IOException {
    Path written = write(kind);
    for (KvCacheType kvCache : KvCacheType.values()) {
      ModelOptions opening = ModelOptions.defaults().withKvCache(kvCache);
      try (MorModel model = MorModel.open(written, opening);
          MorSession session = model.newSession()) {
        for (GenerationOptions options : options()) {
          assertThat(leastAllocated(session, options))
              .as("%s, %s, temperature %s", kind, kvCache, options.temperature())
              .isZero();
        }
      }
    }
  }

  /** Heap bytes that {@link #TOKENS} tokens took, in the round that took least. */
  private static long leastAllocated(MorSession session, GenerationOptions options) {
    long least = Long.MAX_VALUE;
    for (int round = 0; round < MOST_ROUNDS && least > 0; round++) {
      session.reset();
      long bytes = allocated(session, options);
      System.err.println(round + " " + bytes + " " + bytes / (double) TOKENS);
      least = Math.min(least, bytes);
    }
    return least;
  }

  private static long allocated(MorSession session, GenerationOptions options) {
    try (TokenStream stream = session.stream(new int[] {1, 2, 3, 4, 5, 6, 7}, options)) {
      stream.nextId();
      long sum = 0;
      long before = THREADS.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < TOKENS; i++) {
        sum += stream.nextId() + stream.depth() + stream.position();
      }
      long after = THREADS.getCurrentThreadAllocatedBytes();
      assertThat(sum).isPositive();
      return after - before;
    }
  }
}
