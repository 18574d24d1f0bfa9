package dev.mor4j.bindings.cpu;

import dev.mor4j.bindings.generated.Mor4jNative;
import dev.mor4j.bindings.generated.mor4j_matrix;
import dev.mor4j.runtime.numbers.WeightType;
import dev.mor4j.runtime.weights.MatrixView;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Chosen kernels and their threads: {@code mor4j_context}. Borrows the native context from the
 * process, which has one for all borrowers of the same kernels, threads and spin time; {@link
 * #close()} waits for this borrower's running calls and gives it back, and may be called again. The
 * last to give it back ends the threads. Safe to use from several threads: a call that finds the
 * pool taken, by whichever borrower, runs on its own thread, with the same bits as result.
 */
public final class CpuContext implements AutoCloseable {
  /** The largest vocabulary that {@link #choose} takes. */
  public static final int MOST_VOCABULARY = 1 << 21;

  private final CallGate gate = new CallGate();
  private final SharedContexts.Key key;
  private final MemorySegment context;

  /**
   * @param isa kernels to use
   * @param threads threads in all, the caller's among them
   * @param spinMicroseconds how long threads wait awake for the next pass
   * @throws IllegalStateException when there is no library
   * @throws IllegalArgumentException when the CPU cannot run {@code isa} or {@code threads} is out
   *     of range
   * @throws OutOfMemoryError when the system refuses memory or threads
   */
  public CpuContext(Isa isa, int threads, int spinMicroseconds) {
    CpuLibrary.instance().requireAvailable();
    this.key = new SharedContexts.Key(isa, threads, spinMicroseconds);
    this.context = SharedContexts.borrow(key);
  }

  /** The kernels in use. */
  public Isa isa() {
    return key.isa();
  }

  /** Threads in all. */
  public int threads() {
    return key.threads();
  }

  /** Writes {@code matrix} as a C structure into {@code arena}. */
  public static MemorySegment describe(Arena arena, MatrixView matrix) {
    MemorySegment target = mor4j_matrix.allocate(arena);
    Codes.write(matrix, target);
    return target;
  }

  /** Floats of scratch memory that a pass of {@code rows} rows needs. */
  public long blockWorkspaceFloats(BlockShape shape, int rows) {
    try (Arena arena = Arena.ofConfined()) {
      long floats = Mor4jNative.mor4j_block_workspace(shape.write(arena), rows);
      if (floats < 0) {
        throw new IllegalArgumentException("no workspace for " + rows + " rows of " + shape);
      }
      return floats;
    }
  }

  /** Bytes of a KV page of {@code layers} layers. */
  public static long pageBytes(BlockShape shape, int layers) {
    CpuLibrary.instance().requireAvailable();
    try (Arena arena = Arena.ofConfined()) {
      long bytes = Mor4jNative.mor4j_page_bytes(shape.write(arena), layers);
      if (bytes < 0) {
        throw new IllegalArgumentException("no page of " + layers + " layers of " + shape);
      }
      return bytes;
    }
  }

  /** Floats of workspace that {@link #head} needs for {@code rows} rows. */
  public static long headWorkspaceFloats(int hidden, int rows) {
    CpuLibrary.instance().requireAvailable();
    long floats = Mor4jNative.mor4j_head_workspace(hidden, rows);
    if (floats < 0) {
      throw new IllegalArgumentException("no workspace for " + rows + " rows of " + hidden);
    }
    return floats;
  }

  /**
   * {@code x[rowIndex[i]] = table[ids[i]]}; {@code table} from {@link #describe}, ids and rowIndex
   * int32 [rows], x float32 [.., H].
   */
  public void embed(
      MemorySegment table, MemorySegment ids, MemorySegment rowIndex, int rows, MemorySegment x) {
    enter();
    int status;
    try {
      status = Mor4jNative.mor4j_embed(context, table, ids, rowIndex, rows, x);
    } finally {
      leave();
    }
    check("mor4j_embed", status);
  }

  /** Runs {@code pass}: one downcall for all of its layers. */
  public void runBlock(BlockPass pass) {
    enter();
    int status;
    try {
      status = Mor4jNative.mor4j_run_block(context, pass.segment());
    } finally {
      leave();
    }
    check("mor4j_run_block", status);
  }

  /**
   * {@code z[i] = router(x[rowIndex[i]])}, z float32 [rows, outs]; workspace as {@link RouterTable}
   * says, per row.
   */
  public void route(
      RouterTable router,
      MemorySegment x,
      MemorySegment rowIndex,
      int rows,
      MemorySegment z,
      MemorySegment workspace) {
    enter();
    int status;
    try {
      status = Mor4jNative.mor4j_route(context, router.segment(), x, rowIndex, rows, z, workspace);
    } finally {
      leave();
    }
    check("mor4j_route", status);
  }

  /**
   * {@code x[r] += gates[i] · y[r]} for {@code r = rowIndex[i]}; x, y float32 [.., hidden],
   * rowIndex int32 [rows], gates float32 [rows] or NULL for 1.
   */
  public void addGated(
      MemorySegment x,
      MemorySegment y,
      MemorySegment rowIndex,
      MemorySegment gates,
      int rows,
      int hidden) {
    enter();
    int status;
    try {
      status = Mor4jNative.mor4j_add_gated(context, x, y, rowIndex, gates, rows, hidden);
    } finally {
      leave();
    }
    check("mor4j_add_gated", status);
  }

  /**
   * {@code logits[i] = head · (rmsnorm(x[rowIndex[i]]) · norm)}; logits float32 [rows, V];
   * workspace {@link #headWorkspaceFloats} floats, 64-byte aligned.
   */
  public void head(
      MemorySegment norm,
      MemorySegment head,
      float rmsEps,
      MemorySegment x,
      MemorySegment rowIndex,
      int rows,
      MemorySegment logits,
      MemorySegment workspace) {
    enter();
    int status;
    try {
      status =
          Mor4jNative.mor4j_head(context, norm, head, rmsEps, x, rowIndex, rows, logits, workspace);
    } finally {
      leave();
    }
    check("mor4j_head", status);
  }

  /**
   * {@code tokens[i]} = the token that {@code logits[i]} gives, -1 where none is above -infinity.
   *
   * @param logits float32 [rows, vocabulary]
   * @param vocabulary at most {@link #MOST_VOCABULARY}
   * @param sampling has {@code rows} rows
   * @param tokens int32 [rows]
   */
  public void choose(
      MemorySegment logits,
      int vocabulary,
      SamplingTable sampling,
      int rows,
      MemorySegment tokens) {
    enter();
    int status;
    try {
      status =
          Mor4jNative.mor4j_choose(context, logits, vocabulary, sampling.segment(), rows, tokens);
    } finally {
      leave();
    }
    check("mor4j_choose", status);
  }

  /**
   * Bytes a second that all threads read together from {@code data}, memory aligned to 64 bytes
   * whose size is a multiple of 64; the best of {@code repeats} times.
   */
  public double measureBandwidth(MemorySegment data, int repeats) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_DOUBLE);
      enter();
      int status;
      try {
        status = Mor4jNative.mor4j_measure_bandwidth(context, data, data.byteSize(), repeats, out);
      } finally {
        leave();
      }
      check("mor4j_measure_bandwidth", status);
      return out.get(ValueLayout.JAVA_DOUBLE, 0);
    }
  }

  /**
   * Operations a second (a multiply-add is two) of the instructions that products with weights of
   * {@code type} are made of, on registers, all threads together; the best of {@code repeats}
   * times.
   */
  public double measurePeak(WeightType type, int repeats) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(ValueLayout.JAVA_DOUBLE);
      enter();
      int status;
      try {
        status = Mor4jNative.mor4j_measure_peak(context, Codes.of(type), repeats, out);
      } finally {
        leave();
      }
      check("mor4j_measure_peak", status);
      return out.get(ValueLayout.JAVA_DOUBLE, 0);
    }
  }

  @Override
  public void close() {
    if (gate.close()) {
      SharedContexts.giveBack(key);
    }
  }

  private void enter() {
    if (!gate.enter()) {
      throw new IllegalStateException("the CPU context is closed");
    }
  }

  private void leave() {
    gate.leave();
  }

  static void check(String function, int status) {
    if (status != Mor4jNative.MOR4J_OK()) {
      throw new IllegalArgumentException(function + ": " + text(status));
    }
  }

  static String text(int status) {
    return Mor4jNative.mor4j_status_text(status).getString(0) + " (status " + status + ")";
  }
}
