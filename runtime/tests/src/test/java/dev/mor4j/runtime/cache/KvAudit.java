package dev.mor4j.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.cache.KvPagePool.Page;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/** Counts who has which KV page, and holds it against what the pools believe. */
public final class KvAudit {
  private KvAudit() {}

  /** Fails unless every page lent has just the users it counts, and no other page is lent. */
  public static void check(
      KvPools pools, Collection<SequenceCaches> sequences, PrefixCache prefixes) {
    Map<Page, Integer> users = new HashMap<>();
    for (SequenceCaches caches : sequences) {
      if (caches.common() != null) {
        count(caches.common(), users);
      }
      for (int r = 0; r < caches.plan().recursionCaches(); r++) {
        count(caches.recursion(r), users);
      }
    }
    Map<Page, Integer> keepers = new HashMap<>();
    prefixes.forEachPage(page -> keepers.merge(page, 1, Integer::sum));
    keepers.forEach((page, count) -> users.merge(page, count, Integer::sum));
    long bytes = 0;
    long kept = 0;
    for (Map.Entry<Page, Integer> entry : users.entrySet()) {
      assertThat(entry.getKey().users()).isEqualTo(entry.getValue());
      bytes += entry.getKey().byteSize();
      boolean onlyKept = entry.getValue().equals(keepers.get(entry.getKey()));
      kept += onlyKept ? entry.getKey().byteSize() : 0;
    }
    assertThat(pools.lentBytes()).isEqualTo(bytes);
    assertThat(pools.keptBytes()).isEqualTo(kept);
  }

  private static void count(KvCache cache, Map<Page, Integer> users) {
    for (int i = 0; i < cache.pageCount(); i++) {
      users.merge(cache.borrowedPage(i), 1, Integer::sum);
    }
  }
}
