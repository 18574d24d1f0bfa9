package dev.mor4j.runtime;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/** The last user of a model that nobody can reach leaves while that is found: it is freed once. */
@JCStressTest
@Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "freed once")
@Outcome(expect = Expect.FORBIDDEN, desc = "never freed, or twice")
@State
public class AbandonedRace {
  private int freed;
  private final Users users = new Users("the model", () -> freed++);

  public AbandonedRace() {
    users.enter();
  }

  @Actor
  public void user() {
    users.leave();
  }

  @Actor
  public void collector() {
    users.abandon();
  }

  @Arbiter
  public void count(I_Result result) {
    result.r1 = freed;
  }
}
