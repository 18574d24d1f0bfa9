package dev.mor4j.runtime.cache;

import dev.mor4j.runtime.cache.KvPagePool.Page;
import dev.mor4j.runtime.kv.KvPageLayout;
import dev.mor4j.runtime.routing.RoutingSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Keys and values of beginnings of texts, to be shared by sequences that begin alike: a tree of
 * segments of {@link #SEGMENT_TOKENS} tokens for each way of routing. Each segment is a user of the
 * pages that hold its tokens' entries, in the common cache and in that of each recursion, where
 * they are as many as tokens got there; so a page on the boundary of two segments is shared by
 * both.
 *
 * <p>What was not used for longest is dropped first, always from the end of a text. One thread at a
 * time.
 */
public final class PrefixCache implements AutoCloseable {
  /** Tokens of a segment. */
  public static final int SEGMENT_TOKENS = KvPageLayout.PAGE_TOKENS;

  private final KvPlan plan;
  private final KvPools pools;
  private final Map<RoutingSettings, Segment> roots = new HashMap<>();

  /**
   * All segments, the one to drop next first. A segment is used whenever one after it is, and
   * stands behind it then, so the first one never has any after it.
   */
  private final LinkedHashSet<Segment> byUse = new LinkedHashSet<>();

  /** Tokens, compared by their values. */
  private static final class Tokens {
    private final int[] ids;
    private final int hash;

    private Tokens(int[] from, int begin) {
      ids = Arrays.copyOfRange(from, begin, begin + SEGMENT_TOKENS);
      hash = Arrays.hashCode(ids);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Tokens tokens && Arrays.equals(ids, tokens.ids);
    }

    @Override
    public int hashCode() {
      return hash;
    }
  }

  private static final class Segment {
    private final Segment before;
    private final RoutingSettings settings;
    private final Tokens tokens;
    private final Map<Tokens, Segment> after = new HashMap<>();

    /** In how many recursions each token took part. */
    private final int[] depths;

    /**
     * Entries of each cache at the end of the segment: the common one, then those of recursions.
     */
    private final int[] lengths;

    /** The pages of each cache with entries of this segment, in order. */
    private final Page[][] pages;

    private Segment(
        Segment before,
        RoutingSettings settings,
        Tokens tokens,
        int[] depths,
        int[] lengths,
        Page[][] pages) {
      this.before = before;
      this.settings = settings;
      this.tokens = tokens;
      this.depths = depths;
      this.lengths = lengths;
      this.pages = pages;
    }
  }

  /**
   * @param pools of all caches that this will see
   */
  public PrefixCache(KvPlan plan, KvPools pools) {
    this.plan = plan;
    this.pools = pools;
  }

  private int caches() {
    return 1 + plan.recursionCaches();
  }

  private static KvCache cache(SequenceCaches of, int index) {
    return index == 0 ? of.common() : of.recursion(index - 1);
  }

  /**
   * Lets {@code caches}, which are empty, begin with what is stored of a text.
   *
   * @param ids the text
   * @param most tokens of it that may be taken
   * @param depths receives the depths of the tokens taken
   * @return how many tokens were taken
   */
  public int adopt(
      RoutingSettings settings, int[] ids, int most, SequenceCaches caches, int[] depths) {
    List<Segment> path = find(settings, ids, most);
    if (path.isEmpty()) {
      return 0;
    }
    for (int i = 0; i < path.size(); i++) {
      System.arraycopy(path.get(i).depths, 0, depths, i * SEGMENT_TOKENS, SEGMENT_TOKENS);
    }
    for (int c = 0; c < caches(); c++) {
      KvCache cache = cache(caches, c);
      if (cache != null) {
        adopt(path, c, cache);
      }
    }
    int tokens = path.size() * SEGMENT_TOKENS;
    caches.restoreOverlays(depths, tokens);
    touch(path.getLast());
    return tokens;
  }

  /** How many tokens of a text are stored, at most {@code most}. */
  public int stored(RoutingSettings settings, int[] ids, int most) {
    return find(settings, ids, most).size() * SEGMENT_TOKENS;
  }

  private List<Segment> find(RoutingSettings settings, int[] ids, int most) {
    List<Segment> path = new ArrayList<>();
    Segment at = roots.get(settings);
    for (int end = SEGMENT_TOKENS; at != null && end <= most; end += SEGMENT_TOKENS) {
      at = at.after.get(new Tokens(ids, end - SEGMENT_TOKENS));
      if (at != null) {
        path.add(at);
      }
    }
    return path;
  }

  private static void adopt(List<Segment> path, int c, KvCache cache) {
    List<Page> pages = new ArrayList<>();
    int begin = 0;
    for (Segment segment : path) {
      // Of a page that two segments share, the later one's has the entries of both.
      int first = begin / KvPageLayout.PAGE_TOKENS;
      for (int i = 0; i < segment.pages[c].length; i++) {
        if (first + i < pages.size()) {
          pages.set(first + i, segment.pages[c][i]);
        } else {
          pages.add(segment.pages[c][i]);
        }
      }
      begin = segment.lengths[c];
    }
    cache.adopt(pages, begin);
  }

  /**
   * Stores the whole segments of a text that are not stored yet.
   *
   * @param ids the text
   * @param count tokens of it that have left the model: their entries are in {@code caches}
   * @param depths their depths
   */
  public void store(
      RoutingSettings settings, int[] ids, int count, int[] depths, SequenceCaches caches) {
    if (count < SEGMENT_TOKENS) {
      return;
    }
    Segment at =
        roots.computeIfAbsent(
            settings,
            any -> new Segment(null, settings, null, null, new int[caches()], new Page[0][]));
    try {
      for (int begin = 0; begin + SEGMENT_TOKENS <= count; begin += SEGMENT_TOKENS) {
        Tokens tokens = new Tokens(ids, begin);
        Segment next = at.after.get(tokens);
        if (next == null) {
          next =
              segment(
                  at,
                  settings,
                  tokens,
                  Arrays.copyOfRange(depths, begin, begin + SEGMENT_TOKENS),
                  caches);
          add(next);
        }
        at = next;
      }
    } finally {
      // With an error too: those that are stored are in order then.
      touch(at);
    }
  }

  /** Takes in a segment that has its pages; it gives them back where that fails. */
  private void add(Segment segment) {
    try {
      byUse.addLast(segment);
      segment.before.after.put(segment.tokens, segment);
    } catch (RuntimeException | Error e) {
      byUse.remove(segment);
      giveBack(segment);
      throw e;
    }
  }

  private Segment segment(
      Segment before,
      RoutingSettings settings,
      Tokens tokens,
      int[] depths,
      SequenceCaches caches) {
    int[] lengths = before.lengths.clone();
    Page[][] pages = new Page[caches()][];
    for (int c = 0; c < caches(); c++) {
      KvCache cache = cache(caches, c);
      for (int depth : depths) {
        lengths[c] += cache != null && (c == 0 || plan.stores(c - 1, depth)) ? 1 : 0;
      }
      int first = before.lengths[c] / KvPageLayout.PAGE_TOKENS;
      int last = Math.ceilDiv(lengths[c], KvPageLayout.PAGE_TOKENS);
      boolean any = lengths[c] > before.lengths[c];
      pages[c] = new Page[any ? last - first : 0];
      for (int i = 0; i < pages[c].length; i++) {
        pages[c][i] = cache.borrowedPage(first + i);
      }
    }
    Segment segment = new Segment(before, settings, tokens, depths, lengths, pages);
    // Last of all, when nothing can fail any more.
    for (int c = 0; c < caches(); c++) {
      for (Page page : pages[c]) {
        cache(caches, c).pool().keep(page);
      }
    }
    return segment;
  }

  private void touch(Segment used) {
    for (Segment segment = used; segment.before != null; segment = segment.before) {
      // Moves it, and so allocates nothing.
      byUse.addLast(segment);
    }
  }

  /** Segments stored. */
  public int size() {
    return byUse.size();
  }

  /**
   * Drops the segment that was not used for longest and gives its pages back, which frees those
   * that nobody else uses.
   *
   * @return whether there was one
   */
  public boolean drop() {
    if (byUse.isEmpty()) {
      return false;
    }
    Segment segment = byUse.removeFirst();
    segment.before.after.remove(segment.tokens);
    if (segment.before.before == null && segment.before.after.isEmpty()) {
      roots.remove(segment.settings);
    }
    giveBack(segment);
    return true;
  }

  private void giveBack(Segment segment) {
    for (int c = 0; c < segment.pages.length; c++) {
      KvPagePool pool = c == 0 ? pools.common() : pools.block();
      if (segment.pages[c].length > 0) {
        pool.giveBackKept(segment.pages[c]);
      }
    }
  }

  /** Tells of each page once for each segment that keeps it; for checks. */
  void forEachPage(Consumer<Page> consumer) {
    for (Segment segment : byUse) {
      for (Page[] pages : segment.pages) {
        for (Page page : pages) {
          consumer.accept(page);
        }
      }
    }
  }

  /** Drops everything. */
  @Override
  public void close() {
    while (drop()) {
      // The next one.
    }
  }
}
