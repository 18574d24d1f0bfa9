package dev.mor4j.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.mor4j.runtime.format.ArchitectureConfig;
import dev.mor4j.runtime.format.Caching;
import dev.mor4j.runtime.memory.HostPageMemory;
import dev.mor4j.runtime.numbers.KvCacheType;
import dev.mor4j.runtime.routing.RoutingSettings;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {
  private static final RoutingSettings SETTINGS = RoutingSettings.threshold(3, 0);
  private static final ArchitectureConfig SIZES =
      new ArchitectureConfig(8, 8, 2, 1, 4, 8, 16, 512, 1e-5f, 10000, true, -1, List.of());

  private final KvPlan plan = new KvPlan(2, 2, 3, Caching.RECURSION_WISE);
  private final KvPools pools = new KvPools(plan, SIZES, KvCacheType.F32, HostPageMemory.INSTANCE);
  private final PrefixCache prefixes = new PrefixCache(plan, pools);

  @AfterEach
  void nothingIsLeft() {
    prefixes.close();
    assertThat(pools.lentBytes()).isZero();
    pools.close();
  }

  private static int[] ids(int count, int seed) {
    int[] ids = new int[count];
    Arrays.setAll(ids, i -> (i * 7 + seed) % 16);
    return ids;
  }

  /** Token i takes part in 1 + i % 3 recursions. */
  private static int[] depths(int count) {
    int[] depths = new int[count];
    Arrays.setAll(depths, i -> 1 + i % 3);
    return depths;
  }

  /** Caches with an entry for each token that got there, marked with its position. */
  private SequenceCaches caches(int from, SequenceCaches caches, int count) {
    for (int i = from; i < count; i++) {
      mark(caches.common(), i);
      for (int r = 0; r <= i % 3; r++) {
        mark(caches.recursion(r), i);
      }
    }
    return caches;
  }

  private static void mark(KvCache cache, int position) {
    int slot = cache.append(1);
    cache.page(slot / 32).set(ValueLayout.JAVA_INT, (long) (slot % 32) * Integer.BYTES, position);
  }

  private static void checkMarks(KvCache cache, int recursion, int tokens) {
    int slot = 0;
    for (int i = 0; i < tokens; i++) {
      if (recursion < 0 || i % 3 >= recursion) {
        int found =
            cache.page(slot / 32).get(ValueLayout.JAVA_INT, (long) (slot % 32) * Integer.BYTES);
        assertThat(found).isEqualTo(i);
        slot++;
      }
    }
    assertThat(cache.length()).isEqualTo(slot);
  }

  @Test
  void aTextBeginsWithWhatAnotherHasStored() {
    int[] ids = ids(200, 3);
    int[] found = new int[200];
    try (SequenceCaches first = caches(0, new SequenceCaches(plan, pools), 150);
        SequenceCaches second = new SequenceCaches(plan, pools)) {
      prefixes.store(SETTINGS, ids, 150, depths(150), first);
      assertThat(prefixes.size()).isEqualTo(4);
      long held = pools.lentBytes();
      assertThat(prefixes.adopt(SETTINGS, ids, 199, second, found)).isEqualTo(128);
      assertThat(pools.lentBytes()).as("nothing is copied yet").isEqualTo(held);
      assertThat(Arrays.copyOf(found, 128)).isEqualTo(depths(128));
      // Both go on in what was a common page, each in its own.
      caches(128, second, 170);
      caches(150, first, 190);
      for (int r = -1; r < 3; r++) {
        checkMarks(r < 0 ? first.common() : first.recursion(r), r, 190);
        checkMarks(r < 0 ? second.common() : second.recursion(r), r, 170);
      }
      KvAudit.check(pools, List.of(first, second), prefixes);
    }
    assertThat(pools.lentBytes()).isEqualTo(pools.keptBytes()).isPositive();
  }

  @Test
  void onlyTheSameTokensRoutedAlikeAreFound() {
    int[] ids = ids(100, 3);
    try (SequenceCaches caches = caches(0, new SequenceCaches(plan, pools), 96)) {
      prefixes.store(SETTINGS, ids, 96, depths(96), caches);
    }
    int[] other = ids.clone();
    other[40] ^= 1;
    RoutingSettings capped = RoutingSettings.threshold(2, 0);
    assertThat(prefixes.stored(SETTINGS, ids, 100)).isEqualTo(96);
    assertThat(prefixes.stored(SETTINGS, ids, 95)).isEqualTo(64);
    assertThat(prefixes.stored(SETTINGS, other, 100)).isEqualTo(32);
    assertThat(prefixes.stored(capped, ids, 100)).isZero();
  }

  @Test
  void whatWasNotUsedForLongestIsDroppedFirstFromTheEnd() {
    int[] a = ids(64, 1);
    int[] b = ids(64, 2);
    for (int[] ids : new int[][] {a, b}) {
      try (SequenceCaches caches = caches(0, new SequenceCaches(plan, pools), 64)) {
        prefixes.store(SETTINGS, ids, 64, depths(64), caches);
      }
    }
    try (SequenceCaches user = new SequenceCaches(plan, pools)) {
      assertThat(prefixes.adopt(SETTINGS, a, 64, user, new int[64])).isEqualTo(64);
      assertThat(prefixes.drop()).isTrue();
      assertThat(prefixes.stored(SETTINGS, b, 64)).isEqualTo(32);
      assertThat(prefixes.drop()).isTrue();
      assertThat(prefixes.stored(SETTINGS, b, 64)).isZero();
      assertThat(prefixes.stored(SETTINGS, a, 64)).isEqualTo(64);
      assertThat(prefixes.drop()).isTrue();
      assertThat(prefixes.drop()).isTrue();
      assertThat(prefixes.drop()).isFalse();
      assertThat(pools.keptBytes()).isZero();
      checkMarks(user.common(), -1, 64);
    }
  }

  @Test
  void pagesAreNotGivenBackTwiceNorSharedWhenFree() {
    KvPagePool pool = pools.common();
    KvPagePool.Page page = pool.take();
    pool.share(page);
    KvPagePool.Page[] pages = {page};
    pool.giveBack(pages, 1);
    pool.giveBack(pages, 1);
    assertThatThrownBy(() -> pool.giveBack(pages, 1)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> pool.share(page)).isInstanceOf(IllegalStateException.class);
  }
}
