package dev.mor4j.bindings.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openjdk.jcstress.infra.results.II_Result;

/** The race of the profile {@code jcstress}, some thousand times: it compiles and it works. */
@Timeout(120)
class CallGateRaceTest {
  private static final int ROUNDS = 3000;

  @Test
  void nothingIsFreedWhileACallIsInside() throws Exception {
    CallGateRace[] races = new CallGateRace[ROUNDS];
    II_Result[] results = new II_Result[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      races[i] = new CallGateRace();
      results[i] = new II_Result();
    }
    CyclicBarrier together = new CyclicBarrier(2);
    Thread calling =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 0; i < ROUNDS; i++) {
                    await(together);
                    races[i].call(results[i]);
                  }
                });
    for (int i = 0; i < ROUNDS; i++) {
      await(together);
      races[i].close(results[i]);
    }
    calling.join();
    for (II_Result result : results) {
      assertThat(result.r1).isIn(0, 1);
      assertThat(result.r2).isEqualTo(1);
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await();
    } catch (InterruptedException | BrokenBarrierException e) {
      throw new IllegalStateException(e);
    }
  }
}
