package dev.mor4j.runtime.backend.cuda;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What this JVM has enqueued for devices and how long it waited for them, for measurements; counts
 * from the start of the JVM. Any thread.
 */
public final class DeviceActivity {
  private static final AtomicLong GRAPHS = new AtomicLong();
  private static final AtomicLong NODES = new AtomicLong();
  private static final AtomicLong ENQUEUE_NANOS = new AtomicLong();
  private static final AtomicLong WAIT_NANOS = new AtomicLong();

  private DeviceActivity() {}

  /**
   * The counts at one moment.
   *
   * @param graphs graphs launched
   * @param nodes nodes of them: kernels, copies and fills
   * @param enqueueNanos nanoseconds that the host took to enqueue work, graphs and what is around
   *     them
   * @param waitNanos nanoseconds that the host waited for the device
   */
  public record Counts(long graphs, long nodes, long enqueueNanos, long waitNanos) {
    /** What came after {@code before}. */
    public Counts since(Counts before) {
      return new Counts(
          graphs - before.graphs,
          nodes - before.nodes,
          enqueueNanos - before.enqueueNanos,
          waitNanos - before.waitNanos);
    }
  }

  /** The counts now. */
  public static Counts counts() {
    return new Counts(GRAPHS.get(), NODES.get(), ENQUEUE_NANOS.get(), WAIT_NANOS.get());
  }

  static void launched(int nodes) {
    GRAPHS.incrementAndGet();
    NODES.addAndGet(nodes);
  }

  static void enqueued(long nanos) {
    ENQUEUE_NANOS.addAndGet(nanos);
  }

  static void waited(long nanos) {
    WAIT_NANOS.addAndGet(nanos);
  }
}
