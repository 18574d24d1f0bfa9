package dev.mor4j.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.mor4j.runtime.kv.KvPageLayout;
import dev.mor4j.runtime.memory.HostPageMemory;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.numbers.KvCacheType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pages are lent once, counted, and given back. */
class KvPagePoolTest {
  @Test
  void pagesAreDistinctCountedAndReturned() {
    long before = MemoryAccount.totalBytes();
    KvPagePool pool =
        new KvPagePool(new KvPageLayout(3, 2, 64, KvCacheType.F32), HostPageMemory.INSTANCE);
    assertThat(pool.pageBytes()).isEqualTo(3L * 2 * 2 * 64 * 4 * KvPageLayout.PAGE_TOKENS);
    List<KvCache> caches = new ArrayList<>();
    List<Long> addresses = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      KvCache cache = new KvCache(pool);
      assertThat(cache.append(10 + i)).isZero();
      assertThat(cache.append(5)).isEqualTo(10 + i);
      assertThat(cache.pageCount()).isEqualTo(Math.ceilDiv(15 + i, KvPageLayout.PAGE_TOKENS));
      for (int p = 0; p < cache.pageCount(); p++) {
        assertThat(cache.pageAddresses()[p]).isEqualTo(cache.page(p).address());
        addresses.add(cache.page(p).address());
      }
      caches.add(cache);
    }
    assertThat(addresses).doesNotHaveDuplicates();
    assertThat(MemoryAccount.KV_PAGES_LENT.bytes()).isEqualTo(pool.pageBytes() * addresses.size());
    assertThatIllegalStateException().isThrownBy(pool::close).withMessageContaining("still lent");
    caches.forEach(KvCache::close);
    assertThat(MemoryAccount.KV_PAGES_LENT.bytes()).isZero();
    pool.close();
    pool.close();
    assertThat(MemoryAccount.totalBytes()).isEqualTo(before);
    assertThatIllegalStateException().isThrownBy(() -> new KvCache(pool).append(1));
  }

  @Test
  void reservedPagesLieReadyAsFarAsPagesMayLieIdle() {
    long before = MemoryAccount.KV_POOL.bytes();
    try (KvPagePool pool =
        new KvPagePool(new KvPageLayout(4, 4, 64, KvCacheType.F32), HostPageMemory.INSTANCE)) {
      KvCache cache = new KvCache(pool);
      cache.append(1);
      assertThat(cache.reserve(KvPageLayout.PAGE_TOKENS - 1)).isZero();
      int needed = cache.reserve(9 * KvPageLayout.PAGE_TOKENS);
      assertThat(needed).isEqualTo(9);
      pool.reserve(needed);
      long held = MemoryAccount.KV_POOL.bytes();
      cache.append(9 * KvPageLayout.PAGE_TOKENS);
      assertThat(MemoryAccount.KV_POOL.bytes()).isEqualTo(held);
      pool.reserve(Integer.MAX_VALUE);
      long idle = MemoryAccount.KV_POOL.bytes() - before - 10 * pool.pageBytes();
      assertThat(idle).isBetween(12L << 20, 16L << 20);
      cache.close();
    }
    assertThat(MemoryAccount.KV_POOL.bytes()).isEqualTo(before);
  }

  @Test
  void muchIdleMemoryIsFreed() {
    long before = MemoryAccount.KV_POOL.bytes();
    try (KvPagePool pool =
        new KvPagePool(new KvPageLayout(4, 4, 64, KvCacheType.F32), HostPageMemory.INSTANCE)) {
      KvCache large = new KvCache(pool);
      large.append((int) ((64L << 20) / pool.pageBytes()) * KvPageLayout.PAGE_TOKENS);
      long held = MemoryAccount.KV_POOL.bytes() - before;
      assertThat(held).isGreaterThanOrEqualTo(64L << 20);
      large.close();
      assertThat(MemoryAccount.KV_POOL.bytes() - before).isLessThanOrEqualTo(16L << 20);
      KvCache again = new KvCache(pool);
      again.append(100);
      again.close();
    }
    assertThat(MemoryAccount.KV_POOL.bytes()).isEqualTo(before);
  }
}
