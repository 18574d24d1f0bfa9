package dev.mor4j.runtime.cache;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The keys and values of one sequence for some layers whose tokens are the same: the unique layers,
 * or the block in one recursion. Entries are numbered in order of position, without gaps; entry
 * {@code e} lies in page {@code e / PAGE_TOKENS}. Borrows its pages from a pool and gives them back
 * in {@link #close()}. One thread at a time.
 */
public final class KvCache implements AutoCloseable {
  private final KvPagePool pool;
  private final List<KvPagePool.Page> pages = new ArrayList<>();
  private long[] addresses = new long[4];
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
    while (pages.size() < wanted) {
      KvPagePool.Page page = pool.take();
      if (pages.size() == addresses.length) {
        addresses = Arrays.copyOf(addresses, 2 * addresses.length);
      }
      addresses[pages.size()] = page.segment().address();
      pages.add(page);
    }
    length = first + entries;
    return first;
  }

  /** Pages in use. */
  public int pageCount() {
    return pages.size();
  }

  /** Addresses of the pages; only the first {@link #pageCount()} mean anything. */
  public long[] pageAddresses() {
    return addresses;
  }

  /** Page {@code index}. */
  public MemorySegment page(int index) {
    return pages.get(index).segment();
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
    return pool.pageBytes() * pages.size();
  }

  /** Gives all pages back; the cache is empty then and may be used again. */
  @Override
  public void close() {
    pool.giveBack(pages);
    pages.clear();
    length = 0;
  }
}
