package dev.mor4j.runtime.cache;

import dev.mor4j.runtime.kv.KvPageLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/**
 * The keys and values of one sequence for some layers whose tokens are the same: the unique layers,
 * or the block in one recursion. Entries are numbered in order of position, without gaps; entry
 * {@code e} lies in page {@code e / PAGE_TOKENS}. Borrows its pages from a pool and gives them back
 * in {@link #close()}. Pages may be shared with caches of the same beginning: entries once written
 * never change, and the first one to be added to a last page that another cache has begun goes into
 * a copy of it. One thread at a time.
 */
public final class KvCache implements AutoCloseable {
  private final KvPagePool pool;
  private KvPagePool.Page[] pages = new KvPagePool.Page[4];
  private long[] addresses = new long[4];
  private int pageCount;
  private int length;

  /** Pages taken from the pool, ever; those adopted are not among them. */
  private long taken;

  /** The last page is another cache's, which may add to it: to be copied before this one does. */
  private boolean lastBorrowed;

  public KvCache(KvPagePool pool) {
    this.pool = pool;
  }

  /** Entries stored. */
  public int length() {
    return length;
  }

  /**
   * Adds {@code entries} places at the end, to be written by the next pass, and returns the first.
   */
  public int append(int entries) {
    if (entries > 0 && lastBorrowed) {
      if (pages[pageCount - 1].isShared()) {
        copyLastPage();
      }
      lastBorrowed = false;
    }
    int first = length;
    int wanted = Math.ceilDiv(first + entries, KvPageLayout.PAGE_TOKENS);
    if (wanted > pages.length) {
      makeRoom(Math.max(wanted, 2 * pages.length));
    }
    while (pageCount < wanted) {
      KvPagePool.Page page = pool.take();
      taken++;
      pageCount++;
      put(pageCount - 1, page);
    }
    length = first + entries;
    return first;
  }

  /**
   * Takes the last {@code entries} places back, which nobody reads any more, and gives back the
   * pages that were for them alone.
   */
  public void truncate(int entries) {
    int kept = Math.ceilDiv(length - entries, KvPageLayout.PAGE_TOKENS);
    if (kept < pageCount) {
      KvPagePool.Page[] freed = Arrays.copyOfRange(pages, kept, pageCount);
      Arrays.fill(pages, kept, pageCount, null);
      pageCount = kept;
      pool.giveBack(freed, freed.length);
    }
    length -= entries;
  }

  private void put(int index, KvPagePool.Page page) {
    // First what has to be given back.
    pages[index] = page;
    addresses[index] = page.address();
  }

  private void copyLastPage() {
    KvPagePool.Page[] givenBack = {pages[pageCount - 1]};
    KvPagePool.Page own = pool.take();
    taken++;
    try {
      pool.copy(givenBack[0], own);
    } catch (RuntimeException | Error e) {
      givenBack[0] = own;
      pool.giveBack(givenBack, 1);
      throw e;
    }
    pages[pageCount - 1] = own;
    pool.giveBack(givenBack, 1);
    put(pageCount - 1, own);
  }

  /**
   * Begins with entries that another cache has written.
   *
   * @param shared their pages, lent to somebody; this cache becomes a user of each
   * @param entries how many entries of them
   */
  void adopt(List<KvPagePool.Page> shared, int entries) {
    if (length != 0 || shared.size() != Math.ceilDiv(entries, KvPageLayout.PAGE_TOKENS)) {
      throw new IllegalStateException(
          shared.size() + " pages of " + entries + " entries for a cache of " + length);
    }
    if (shared.size() > pages.length) {
      makeRoom(shared.size());
    }
    for (KvPagePool.Page page : shared) {
      pool.share(page);
      pageCount++;
      put(pageCount - 1, page);
    }
    length = entries;
    lastBorrowed = entries % KvPageLayout.PAGE_TOKENS != 0;
  }

  /** Pages that {@code entries} more entries take at most. */
  int pagesFor(int entries) {
    int wanted = Math.ceilDiv(length + entries, KvPageLayout.PAGE_TOKENS) - pageCount;
    boolean copied = entries > 0 && lastBorrowed && pages[pageCount - 1].isShared();
    return wanted + (copied ? 1 : 0);
  }

  /** Bytes of the pages taken from the pool, ever: given back since, they still count. */
  long takenBytes() {
    return pool.pageBytes() * taken;
  }

  KvPagePool pool() {
    return pool;
  }

  KvPagePool.Page borrowedPage(int index) {
    return pages[index];
  }

  /**
   * Makes room to list the pages of {@code entries} more entries, so that appending them one by one
   * allocates nothing here. Borrows none.
   *
   * @return pages that they will need
   */
  int reserve(int entries) {
    int wanted = Math.ceilDiv(length + entries, KvPageLayout.PAGE_TOKENS);
    if (wanted > pages.length) {
      makeRoom(wanted);
    }
    return wanted - pageCount;
  }

  private void makeRoom(int capacity) {
    pages = Arrays.copyOf(pages, capacity);
    addresses = Arrays.copyOf(addresses, capacity);
  }

  /** Pages in use. */
  public int pageCount() {
    return pageCount;
  }

  /** Addresses of the pages; only the first {@link #pageCount()} mean anything. */
  public long[] pageAddresses() {
    return addresses;
  }

  /** Page {@code index}, where the JVM reads it. */
  public MemorySegment page(int index) {
    return pages[index].segment();
  }

  /** Where entries lie in a page. */
  public KvPageLayout layout() {
    return pool.layout();
  }

  /** Layers that each entry holds. */
  public int layers() {
    return pool.layout().layers();
  }

  /** Bytes of the entries stored. */
  public long usedBytes() {
    return pool.layout().entryBytes() * length;
  }

  /**
   * Bytes of the pages borrowed, shared ones too: {@link #usedBytes()} and the rest of the last
   * page.
   */
  public long heldBytes() {
    return pool.pageBytes() * pageCount;
  }

  /** Gives all pages back; the cache is empty then and may be used again. */
  @Override
  public void close() {
    int count = pageCount;
    pageCount = 0;
    length = 0;
    lastBorrowed = false;
    try {
      pool.giveBack(pages, count);
    } finally {
      Arrays.fill(pages, 0, count, null);
    }
  }
}
