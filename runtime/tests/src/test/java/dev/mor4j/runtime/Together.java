package dev.mor4j.runtime;

import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.function.IntConsumer;

/** Two actors that begin each round at the same moment. */
public final class Together {
  private Together() {}

  /** Runs both for rounds 0 .. rounds-1; what they did is visible then. */
  public static void run(int rounds, IntConsumer one, IntConsumer other)
      throws InterruptedException {
    CyclicBarrier start = new CyclicBarrier(2);
    Thread thread = Thread.ofPlatform().start(() -> run(rounds, one, start));
    run(rounds, other, start);
    thread.join();
  }

  private static void run(int rounds, IntConsumer actor, CyclicBarrier start) {
    for (int i = 0; i < rounds; i++) {
      try {
        start.await();
      } catch (InterruptedException | BrokenBarrierException e) {
        throw new IllegalStateException(e);
      }
      actor.accept(i);
    }
  }
}
