package dev.mor4j.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** The races of the profile {@code jcstress}, some thousand times: they compile and they work. */
@Timeout(120)
class RuntimeRacesTest {
  private static final int ROUNDS = 3000;

  @Test
  void whatAnInboxTakesInIsRun() throws Exception {
    InboxRace[] races = new InboxRace[ROUNDS];
    II_Result[] results = pairs();
    IntStream.range(0, ROUNDS).forEach(i -> races[i] = new InboxRace());
    Together.run(ROUNDS, i -> races[i].asker(results[i]), i -> races[i].engine());
    IntStream.range(0, ROUNDS).forEach(i -> races[i].count(results[i]));
    for (II_Result result : results) {
      assertThat(result.toString()).isIn("0, 0", "1, 1");
    }
  }

  @Test
  void whoWaitsAtAnInboxIsWoken() throws Exception {
    InboxWaitRace[] races = new InboxWaitRace[ROUNDS];
    I_Result[] results = new I_Result[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      races[i] = new InboxWaitRace();
      results[i] = new I_Result();
    }
    Together.run(ROUNDS, i -> races[i].asker(), i -> races[i].engine(results[i]));
    for (I_Result result : results) {
      assertThat(result.r1).isEqualTo(1);
    }
  }

  @Test
  void nothingIsFreedWhileItIsUsed() throws Exception {
    UsersRace[] races = new UsersRace[ROUNDS];
    II_Result[] results = pairs();
    IntStream.range(0, ROUNDS).forEach(i -> races[i] = new UsersRace());
    Together.run(ROUNDS, i -> races[i].user(results[i]), i -> races[i].owner(results[i]));
    for (II_Result result : results) {
      assertThat(result.toString()).isIn("0, 1", "1, 0", "1, 1");
    }
  }

  @Test
  void whatIsAbandonedIsFreedOnce() throws Exception {
    AbandonedRace[] races = new AbandonedRace[ROUNDS];
    IntStream.range(0, ROUNDS).forEach(i -> races[i] = new AbandonedRace());
    Together.run(ROUNDS, i -> races[i].user(), i -> races[i].collector());
    I_Result result = new I_Result();
    for (AbandonedRace race : races) {
      race.count(result);
      assertThat(result.r1).isEqualTo(1);
    }
  }

  private static II_Result[] pairs() {
    II_Result[] results = new II_Result[ROUNDS];
    IntStream.range(0, ROUNDS).forEach(i -> results[i] = new II_Result());
    return results;
  }
}
