package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.mor4j_sampling;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * How the tokens of rows are chosen, {@code mor4j_sampling} for each row. Lives as long as its
 * arena; one thread at a time.
 */
public final class SamplingTable {
  private final MemorySegment segment;

  /** One view a row, made once: a choice is described without allocating. */
  private final MemorySegment[] views;

  /** A table of up to {@code rows} rows. */
  public SamplingTable(Arena arena, int rows) {
    this.segment = mor4j_sampling.allocateArray(rows, arena);
    this.views = new MemorySegment[rows];
    for (int i = 0; i < rows; i++) {
      views[i] = mor4j_sampling.asSlice(segment, i);
    }
  }

  /**
   * Writes how row {@code row} is chosen.
   *
   * @param draw what the noise of the position comes from
   * @param temperature 0: the largest
   * @param topP 1: all
   * @param minLog natural logarithm of min-p; -infinity: all
   * @param topK 0: all
   */
  public void set(int row, long draw, double temperature, double topP, double minLog, int topK) {
    MemorySegment target = views[row];
    mor4j_sampling.draw(target, draw);
    mor4j_sampling.temperature(target, temperature);
    mor4j_sampling.top_p(target, topP);
    mor4j_sampling.min_log(target, minLog);
    mor4j_sampling.top_k(target, topK);
    mor4j_sampling.reserved(target, 0);
  }

  MemorySegment segment() {
    return segment;
  }
}
