package dev.mor4j.runtime.cache;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The keys and values of one sequence for some layers whose tokens are the same: the unique layers,
 * or the block in one recursion. Entries are numbered in order of position, without gaps; entry
 * {@code e} lies in page {@code e / PAGE_TOKENS}. Borrows its pages from a pool and gives them back
 * in {@link #close()}. One thread at a time.
 */
public final class KvCache implements AutoCloseable {
  private final KvPagePool pool;
  private KvPagePool.Page[] pages = new KvPagePool.Page[4];
  private long[] addresses = new long[4];
  private int pageCount;
  private int length;

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
    int first = length;
    int wanted = Math.ceilDiv(first + entries, KvPageLayout.PAGE_TOKENS);
    if (wanted > pages.length) {
      makeRoom(Math.max(wanted, 2 * pages.length));
    }
    while (pageCount < wanted) {
      KvPagePool.Page page = pool.take();
      addresses[pageCount] = page.segment().address();
      pages[pageCount++] = page;
    }
    length = first + entries;
    return first;
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

  /** Page {@code index}. */
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

  /** Bytes of the pages borrowed: {@link #usedBytes()} and the rest of the last page. */
  public long heldBytes() {
    return pool.pageBytes() * pageCount;
  }

  /** Gives all pages back; the cache is empty then and may be used again. */
  @Override
  public void close() {
    pool.giveBack(pages, pageCount);
    Arrays.fill(pages, 0, pageCount, null);
    pageCount = 0;
    length = 0;
  }
}
