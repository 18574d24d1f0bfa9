package dev.mor4j.runtime.cache;

import dev.mor4j.runtime.kv.KvPageLayout;
import dev.mor4j.runtime.memory.MemoryAccount;
import dev.mor4j.runtime.memory.PageMemory;
import java.lang.foreign.MemorySegment;
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
  private final PageMemory memory;
  private final long pageBytes;
  private final int pagesPerSlab;
  private final List<Slab> slabs = new ArrayList<>();

  /** The pages that nobody has, each with the next one: giving a page back allocates nothing. */
  private Page firstFree;

  private int freeCount;
  private long lent;

  /** Pages lent to nobody but keepers. */
  private long onlyKept;

  private boolean closed;

  /**
   * One page: owned by its slab, borrowed by a cache, or by several users that share what it holds.
   */
  public static final class Page {
    private final Slab slab;
    private final long offset;
    private final long byteSize;
    private MemorySegment segment;
    private int users;
    private int keepers;

    /** While it is free: the next free one. */
    private Page nextFree;

    private Page(Slab slab, long offset, long byteSize) {
      this.slab = slab;
      this.offset = offset;
      this.byteSize = byteSize;
    }

    /** Where it begins, for those who compute. */
    public long address() {
      return slab.memory.address() + offset;
    }

    public long byteSize() {
      return byteSize;
    }

    /**
     * The page as the JVM reads it.
     *
     * @throws IllegalStateException where it lies in a device's memory
     */
    public MemorySegment segment() {
      if (segment == null) {
        segment = slab.memory.segment().asSlice(offset, byteSize);
      }
      return segment;
    }

    /** Who borrow it now; 0 while it is free. */
    int users() {
      return users;
    }

    /** Whether somebody else than one user borrows it. */
    boolean isShared() {
      return users > 1;
    }
  }

  private static final class Slab {
    private final PageMemory.Slab memory;
    private int lent;

    /** It is about to be freed. */
    private boolean isFreed;

    private Slab(PageMemory.Slab memory) {
      this.memory = memory;
    }
  }

  /**
   * @param memory what pages are made of; borrowed
   */
  public KvPagePool(KvPageLayout layout, PageMemory memory) {
    this.layout = layout;
    this.memory = memory;
    this.pageBytes = layout.pageBytes();
    this.pagesPerSlab = Math.clamp(SLAB_BYTES / pageBytes, 1, 64);
  }

  public KvPageLayout layout() {
    return layout;
  }

  public long pageBytes() {
    return pageBytes;
  }

  /** Lends a page to one user; what it holds is undefined. */
  synchronized Page take() {
    if (closed) {
      throw new IllegalStateException("the KV page pool is closed");
    }
    if (freeCount == 0) {
      addSlab();
    }
    Page page = firstFree;
    firstFree = page.nextFree;
    page.nextFree = null;
    freeCount--;
    page.slab.lent++;
    page.users = 1;
    lent++;
    MemoryAccount.KV_PAGES_LENT.added(pageBytes);
    return page;
  }

  /**
   * Sees to it that {@code pages} pages lie ready, or as many as may lie idle, so that taking them
   * allocates nothing. Promises them to nobody.
   */
  synchronized void reserve(int pages) {
    while (!closed
        && freeCount < pages
        && (freeCount + (long) pagesPerSlab) * pageBytes <= IDLE_BYTES) {
      addSlab();
    }
  }

  /** Makes {@code to} hold what {@code from} holds. */
  void copy(Page from, Page to) {
    memory.copy(from.slab.memory, from.offset, to.slab.memory, to.offset, pageBytes);
  }

  /** Lends a page that is lent already to one user more. */
  synchronized void share(Page page) {
    if (page.users == 0) {
      throw new IllegalStateException("a KV page that nobody has cannot be shared");
    }
    onlyKept -= isOnlyKept(page) ? 1 : 0;
    page.users++;
  }

  /** As {@link #share}, to one who keeps it until somebody needs it, or the room. */
  synchronized void keep(Page page) {
    share(page);
    page.keepers++;
  }

  /** Takes {@code pages} back from one keeper of each. */
  synchronized void giveBackKept(Page[] pages) {
    for (Page page : pages) {
      onlyKept -= isOnlyKept(page) ? 1 : 0;
      page.keepers--;
      onlyKept += isOnlyKept(page) ? 1 : 0;
    }
    giveBack(pages, pages.length);
  }

  private static boolean isOnlyKept(Page page) {
    return page.users > 0 && page.users == page.keepers;
  }

  /** Bytes of the pages that only keepers borrow. */
  synchronized long keptBytes() {
    return onlyKept * pageBytes;
  }

  /** Bytes of the pages lent, each counted once however many share it. */
  public synchronized long lentBytes() {
    return lent * pageBytes;
  }

  /** Takes the first {@code count} of {@code pages} back from one user of each. */
  synchronized void giveBack(Page[] pages, int count) {
    int freed = 0;
    for (int i = 0; i < count; i++) {
      Page page = pages[i];
      if (page.users == 0) {
        throw new IllegalStateException("a KV page was given back twice");
      }
      onlyKept -= isOnlyKept(page) ? 1 : 0;
      page.users--;
      onlyKept += isOnlyKept(page) ? 1 : 0;
      if (page.users == 0) {
        page.slab.lent--;
        putFree(page);
        freed++;
      }
    }
    lent -= freed;
    MemoryAccount.KV_PAGES_LENT.removed(pageBytes * freed);
    if (freeCount * pageBytes > IDLE_BYTES) {
      freeIdleSlabs();
    }
  }

  private void putFree(Page page) {
    page.nextFree = firstFree;
    firstFree = page;
    freeCount++;
  }

  private void addSlab() {
    // What may find no memory comes before the slab, or nobody would own that.
    Page[] pages = new Page[pagesPerSlab];
    PageMemory.Slab allocated = memory.allocate(pageBytes * pagesPerSlab);
    try {
      Slab slab = new Slab(allocated);
      for (int i = 0; i < pagesPerSlab; i++) {
        pages[i] = new Page(slab, i * pageBytes, pageBytes);
      }
      slabs.add(slab);
    } catch (RuntimeException | Error e) {
      allocated.close();
      throw e;
    }
    for (int i = pagesPerSlab - 1; i >= 0; i--) {
      putFree(pages[i]);
    }
  }

  private void freeIdleSlabs() {
    long idle = freeCount * pageBytes;
    for (int i = 0; i < slabs.size(); i++) {
      Slab slab = slabs.get(i);
      slab.isFreed = slab.lent == 0 && idle > IDLE_BYTES / 2;
      idle -= slab.isFreed ? slab.memory.byteSize() : 0;
    }
    forgetFreedPages();
    for (int i = slabs.size() - 1; i >= 0; i--) {
      if (slabs.get(i).isFreed) {
        slabs.remove(i).memory.close();
      }
    }
  }

  private void forgetFreedPages() {
    Page page = firstFree;
    Page last = null;
    firstFree = null;
    freeCount = 0;
    while (page != null) {
      Page next = page.nextFree;
      page.nextFree = null;
      if (!page.slab.isFreed) {
        if (last == null) {
          firstFree = page;
        } else {
          last.nextFree = page;
        }
        last = page;
        freeCount++;
      }
      page = next;
    }
  }

  /**
   * Takes every page back, whoever has it, and frees all memory: for one whose users are known to
   * use it no more, and have lost count of what they have.
   */
  synchronized void revoke() {
    MemoryAccount.KV_PAGES_LENT.removed(lent * pageBytes);
    lent = 0;
    onlyKept = 0;
    close();
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
    firstFree = null;
    freeCount = 0;
    closeSlabs();
  }

  /** Each of them, whatever others throw. */
  private void closeSlabs() {
    try {
      while (!slabs.isEmpty()) {
        slabs.removeLast().memory.close();
      }
    } finally {
      if (!slabs.isEmpty()) {
        closeSlabs();
      }
    }
  }
}
