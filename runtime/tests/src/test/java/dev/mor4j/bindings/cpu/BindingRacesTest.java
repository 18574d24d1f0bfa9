package dev.mor4j.bindings.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mor4j.runtime.Together;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** The races of the profile {@code jcstress}, some thousand times: they compile and they work. */
@Timeout(120)
class BindingRacesTest {
  private static final int ROUNDS = 3000;

  @Test
  void nothingIsFreedWhileACallIsInside() throws Exception {
    CallGateRace[] races = new CallGateRace[ROUNDS];
    II_Result[] results = new II_Result[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      races[i] = new CallGateRace();
      results[i] = new II_Result();
    }
    Together.run(ROUNDS, i -> races[i].call(results[i]), i -> races[i].close(results[i]));
    for (II_Result result : results) {
      assertThat(result.r1).isIn(0, 1);
      assertThat(result.r2).isEqualTo(1);
    }
  }

  @Test
  void contextsLiveWhileTheyAreLent() throws Exception {
    LendingRace[] races = new LendingRace[ROUNDS];
    III_Result[] results = new III_Result[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      races[i] = new LendingRace();
      results[i] = new III_Result();
    }
    Together.run(ROUNDS, i -> races[i].one(results[i]), i -> races[i].other(results[i]));
    IntStream.range(0, ROUNDS).forEach(i -> races[i].count(results[i]));
    for (III_Result result : results) {
      assertThat(result).hasToString("1, 1, 0");
    }
  }
}
