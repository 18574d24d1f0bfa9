package dev.mor4j.runtime.cache;

import dev.mor4j.runtime.OffHeapMemory;
import dev.mor4j.runtime.memory.NativeBuffer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Lends KV pages of one {@link KvPageLayout}.
 *
 * <p>Owns the memory, in few coarse slabs; slabs whose pages are all back are freed when more lies
 * idle than {@link #IDLE_BYTES}. Safe to use from any thread.
 */
public final class KvPagePool implements AutoCloseable {
  private static final long SLAB_BYTES = 1L << 20;
  private static final long IDLE_BYTES = 16L << 20;

  private final KvPageLayout layout;
  private final long pageBytes;
  private final int pagesPerSlab;
  private final List<Slab> slabs = new ArrayList<>();
  private final ArrayDeque<Page> free = new ArrayDeque<>();
  private long lent;
  private boolean closed;

  /** One page: borrowed by a cache, owned by its slab. */
  public static final class Page {
    private final Slab slab;
    private final MemorySegment segment;

    private Page(Slab slab, MemorySegment segment) {
      this.slab = slab;
      this.segment = segment;
    }

    public MemorySegment segment() {
      return segment;
    }
  }

  private static final class Slab {
    private final NativeBuffer buffer;
    private int lent;

    private Slab(NativeBuffer buffer) {
      this.buffer = buffer;
    }
  }

  public KvPagePool(KvPageLayout layout) {
    this.layout = layout;
    this.pageBytes = layout.pageBytes();
    this.pagesPerSlab = Math.clamp(SLAB_BYTES / pageBytes, 1, 64);
  }

  public KvPageLayout layout() {
    return layout;
  }

  public long pageBytes() {
    return pageBytes;
  }

  /** Lends a page; what it holds is undefined. */
  synchronized Page take() {
    if (closed) {
      throw new IllegalStateException("the KV page pool is closed");
    }
    if (free.isEmpty()) {
      addSlab();
    }
    Page page = free.pop();
    page.slab.lent++;
    lent++;
    OffHeapMemory.added(OffHeapMemory.Use.KV_PAGES_LENT, pageBytes);
    return page;
  }

  /**
   * Sees to it that {@code pages} pages lie ready, or as many as may lie idle, so that taking them
   * allocates nothing. Promises them to nobody.
   */
  synchronized void reserve(int pages) {
    while (!closed
        && free.size() < pages
        && (free.size() + pagesPerSlab) * pageBytes <= IDLE_BYTES) {
      addSlab();
    }
  }

  /** Takes the first {@code count} of {@code pages} back. */
  synchronized void giveBack(Page[] pages, int count) {
    for (int i = 0; i < count; i++) {
      pages[i].slab.lent--;
      free.push(pages[i]);
    }
    lent -= count;
    OffHeapMemory.removed(OffHeapMemory.Use.KV_PAGES_LENT, pageBytes * count);
    if (free.size() * pageBytes > IDLE_BYTES) {
      freeIdleSlabs();
    }
  }

  private void addSlab() {
    Slab slab = new Slab(new NativeBuffer(OffHeapMemory.Use.KV_POOL, pageBytes * pagesPerSlab));
    slabs.add(slab);
    for (int i = 0; i < pagesPerSlab; i++) {
      free.add(new Page(slab, slab.buffer.segment().asSlice(i * pageBytes, pageBytes)));
    }
  }

  private void freeIdleSlabs() {
    long idle = free.size() * pageBytes;
    List<Slab> freed = new ArrayList<>();
    for (Slab slab : slabs) {
      if (slab.lent == 0 && idle > IDLE_BYTES / 2) {
        freed.add(slab);
        idle -= slab.buffer.byteSize();
      }
    }
    free.removeIf(page -> freed.contains(page.slab));
    slabs.removeAll(freed);
    freed.forEach(slab -> slab.buffer.close());
  }

  /** Frees all memory. @throws IllegalStateException while pages are lent */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    if (lent > 0) {
      throw new IllegalStateException(lent + " KV pages are still lent");
    }
    closed = true;
    free.clear();
    slabs.forEach(slab -> slab.buffer.close());
    slabs.clear();
  }
}
