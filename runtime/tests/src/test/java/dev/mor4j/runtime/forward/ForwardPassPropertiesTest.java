package dev.mor4j.runtime.forward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.bindings.cpu.Isa;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.format.DType;
import dev.mor4j.runtime.format.ModelConfig;
import dev.mor4j.runtime.format.RandomModel;
import dev.mor4j.runtime.format.RoutingConfig;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.routing.RoutingSettings;
import dev.mor4j.testing.RandomConfigs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * What must hold for every model: on random models of every kind, at random lengths that cross page
 * borders, with random splits of the prompt.
 */
class ForwardPassPropertiesTest {
  private static Path folder;

  @BeforeContainer
  static void makeFolder() throws IOException {
    folder = Files.createTempDirectory("mor4j-properties-");
  }

  @AfterContainer
  static void removeFolder() throws IOException {
    removeModel();
    Files.delete(folder);
  }

  private static void removeModel() throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  private static ModelConfig write(long seed) throws IOException {
    removeModel();
    ModelConfig config = RandomConfigs.draw(seed);
    RandomModel.write(folder, config, seed % 2 == 0 ? DType.F32 : DType.BF16, seed);
    return config;
  }

  private static int[] text(ModelConfig config, Random random) {
    int[] ids = new int[1 + random.nextInt(90)];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = random.nextInt(config.architecture().vocabulary());
    }
    return ids;
  }

  /**
   * docs/forward-pass.md, section 8, invariant 1: token by token and any split give the bits of one
   * pass, with any number of threads.
   */
  @Property(tries = 150, seed = "1")
  void anySplitGivesTheBitsOfOnePass(@ForAll @LongRange(min = 0, max = 1_000_000) long seed)
      throws IOException {
    Random random = new Random(seed);
    int[] ids = text(write(seed), random);
    List<Integer> pieces = new ArrayList<>();
    for (int left = ids.length; left > 0; left -= pieces.getLast()) {
      pieces.add(1 + random.nextInt(left));
    }
    List<Isa> backends = new ArrayList<>(OpenedModel.isas());
    backends.add(null);
    Isa isa = backends.get(random.nextInt(backends.size()));
    KvCacheType kv = RandomConfigs.pick(random, List.of(KvCacheType.values()));
    try (OpenedModel whole = new OpenedModel(folder, isa, 1, 128, kv);
        OpenedModel split = new OpenedModel(folder, isa, 2, 1 + random.nextInt(40), kv)) {
      RoutingSettings settings = whole.threshold();
      OpenedModel.Outcome one = whole.run(ids, settings, List.of());
      OpenedModel.Outcome bySplit = split.run(ids, settings, pieces);
      OpenedModel.Outcome byToken = split.run(ids, settings, Collections.nCopies(ids.length, 1));
      assertThat(bySplit.depths()).isEqualTo(one.depths());
      assertThat(byToken.depths()).isEqualTo(one.depths());
      assertThat(bySplit.logits()).isEqualTo(one.logits());
      assertThat(byToken.logits()).isEqualTo(one.logits());
      assertThat(bySplit.entries()).isEqualTo(one.entries());
    }
  }

  /** Tokens of several sequences in the same passes have the bits that they have alone. */
  @Property(tries = 100, seed = "5")
  void companyChangesNothing(@ForAll @LongRange(min = 0, max = 1_000_000) long seed)
      throws IOException {
    Random random = new Random(seed);
    ModelConfig config = write(seed);
    List<int[]> texts = new ArrayList<>();
    for (int i = 2 + random.nextInt(5); i > 0; i--) {
      texts.add(text(config, random));
    }
    List<Isa> backends = new ArrayList<>(OpenedModel.isas());
    backends.add(null);
    Isa isa = RandomConfigs.pick(random, backends);
    KvCacheType kv = RandomConfigs.pick(random, List.of(KvCacheType.values()));
    try (OpenedModel model = new OpenedModel(folder, isa, 2, 1 + random.nextInt(6), kv)) {
      RoutingSettings settings = model.threshold();
      List<OpenedModel.Outcome> together = model.runTogether(texts, settings, random);
      for (int i = 0; i < texts.size(); i++) {
        OpenedModel.Outcome alone = model.run(texts.get(i), settings, List.of());
        assertThat(together.get(i).depths()).isEqualTo(alone.depths());
        assertThat(together.get(i).logits()).isEqualTo(alone.logits());
        assertThat(together.get(i).entries()).isEqualTo(alone.entries());
      }
    }
  }

  /** Every native path agrees with plain Java. */
  @Property(tries = 100, seed = "2")
  void nativeKernelsAgreeWithPlainJava(@ForAll @LongRange(min = 0, max = 1_000_000) long seed)
      throws IOException {
    Random random = new Random(seed);
    int[] ids = text(write(seed), random);
    boolean topK = random.nextBoolean();
    KvCacheType kv = RandomConfigs.pick(random, List.of(KvCacheType.values()));
    try (OpenedModel oracle = new OpenedModel(folder, null, 1, 128, kv)) {
      OpenedModel.Outcome expected = oracle.run(ids, settings(oracle, topK), List.of());
      for (Isa isa : OpenedModel.isas()) {
        try (OpenedModel model = new OpenedModel(folder, isa, 2, 64, kv)) {
          OpenedModel.Outcome found = model.run(ids, settings(model, topK), List.of());
          if (sameDepths(found, expected, kv == KvCacheType.F32 ? 2 : 6)) {
            // A rounded key or value may fall a step away where sums differ in their last bits.
            assertClose(found.logits(), expected.logits(), kv == KvCacheType.F32 ? 2e-4 : 2e-2);
          }
        }
      }
    }
  }

  private static RoutingSettings settings(OpenedModel model, boolean topK) {
    return topK ? model.topK() : model.threshold();
  }

  /** A decision on the very edge may fall either way in another order of summation; it is rare. */
  private static boolean sameDepths(
      OpenedModel.Outcome a, OpenedModel.Outcome b, int mostDifferent) {
    int different = 0;
    for (int i = 0; i < a.depths().length; i++) {
      different += a.depths()[i] == b.depths()[i] ? 0 : 1;
    }
    assertThat(different).isLessThanOrEqualTo(mostDifferent);
    return different == 0;
  }

  private static void assertClose(float[] found, float[] expected, double tolerance) {
    double scale = 1;
    for (float value : expected) {
      scale = Math.max(scale, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      assertThat(Float.isNaN(found[i])).isEqualTo(Float.isNaN(expected[i]));
      if (!Float.isNaN(expected[i])) {
        assertThat(Math.abs(found[i] - expected[i]))
            .isLessThanOrEqualTo((float) (tolerance * scale));
      }
    }
  }

  /**
   * docs/forward-pass.md, section 8, invariant 2: with every router forced open, threshold is top-k
   * at capacity 1.
   */
  @Property(tries = 60, seed = "3")
  void openRoutersAreCapacityOne(@ForAll @LongRange(min = 0, max = 1_000_000) long seed)
      throws IOException {
    ModelConfig drawn = RandomConfigs.draw(seed);
    if (!(drawn.routing() instanceof RoutingConfig.ExpertChoice expert)) {
      return;
    }
    RoutingConfig full =
        new RoutingConfig.ExpertChoice(
            expert.router(),
            expert.function(),
            expert.alpha(),
            expert.temperature(),
            expert.weighted(),
            Collections.nCopies(drawn.recursions(), 1.0),
            expert.auxiliaryRouter());
    removeModel();
    ModelConfig config =
        new ModelConfig(
            drawn.architecture(),
            drawn.sharing(),
            drawn.recursions(),
            full,
            drawn.caching(),
            drawn.aliases());
    RandomModel.write(folder, config, DType.F32, seed);
    int[] ids = text(config, new Random(seed));
    Isa isa = OpenedModel.isas().isEmpty() ? null : OpenedModel.isas().getLast();
    try (OpenedModel topK = new OpenedModel(folder, isa, 1, 128)) {
      OpenedModel.Outcome expected = topK.run(ids, topK.topK(), List.of());
      removeModel();
      RandomModel.write(
          folder,
          new ModelConfig(
              drawn.architecture(),
              drawn.sharing(),
              drawn.recursions(),
              expert,
              drawn.caching(),
              drawn.aliases()),
          DType.F32,
          seed);
      try (OpenedModel open = new OpenedModel(folder, isa, 1, 128)) {
        RoutingSettings always =
            RoutingSettings.threshold(drawn.recursions(), RoutingSettings.logit(0));
        OpenedModel.Outcome found = open.run(ids, always, List.of());
        assertThat(found.depths()).isEqualTo(expected.depths());
        assertThat(found.logits()).isEqualTo(expected.logits());
      }
    }
  }

  /**
   * docs/forward-pass.md, section 8, invariant 3: the caches hold Σ_r |A_r| · b entries, and the
   * unique layers' of all tokens.
   */
  @Property(tries = 100, seed = "4")
  void cachesHoldWhatTheFormulaSays(@ForAll @LongRange(min = 0, max = 1_000_000) long seed)
      throws IOException {
    ModelConfig config = write(seed);
    int[] ids = text(config, new Random(seed));
    Isa isa = OpenedModel.isas().isEmpty() ? null : OpenedModel.isas().getLast();
    try (OpenedModel model = new OpenedModel(folder, isa, 1, 16)) {
      OpenedModel.Outcome outcome = model.run(ids, model.threshold(), List.of());
      assertThat(outcome.entries()).isEqualTo(expectedEntries(config, outcome.depths()));
    }
  }

  private static long expectedEntries(ModelConfig config, int[] depths) {
    long tokens = depths.length;
    long unique = 2L * config.sharing().uniqueAtEachEnd() * tokens;
    long block = config.blockLayers();
    if (config.routing() instanceof RoutingConfig.None) {
      return unique
          + block * tokens * (config.caching() == Caching.RECURSION_WISE ? config.recursions() : 1);
    }
    long active = 0;
    long later = 0;
    for (int depth : depths) {
      active += depth;
      later += Math.max(0, depth - 1);
    }
    return switch (config.caching()) {
      case RECURSION_WISE -> unique + active * block;
      case SHARED -> unique + tokens * block;
      case SHARED_UPDATE -> unique + (tokens + later) * block;
    };
  }

  /** Were all tokens of the random models at one depth, the properties above would show little. */
  @Example
  void randomModelsSpreadTheirTokensOverDepths() throws IOException {
    int spread = 0;
    for (long seed = 0; seed < 40; seed++) {
      ModelConfig config = write(seed);
      try (OpenedModel model = new OpenedModel(folder, null, 1, 128)) {
        OpenedModel.Outcome outcome =
            model.run(text(config, new Random(seed)), model.threshold(), List.of());
        spread += Arrays.stream(outcome.depths()).distinct().count() > 1 ? 1 : 0;
      }
    }
    assertThat(spread).isGreaterThan(15);
  }

  @Example
  void thisMachineRunsNativeKernels() {
    assertThat(OpenedModel.isas())
        .as("native kernels; without them the properties above cover plain Java only")
        .isNotEmpty();
  }
}
