package dev.mor4j.runtime;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A session or a call that begins against a model that is closed: one of them is refused. */
@JCStressTest
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "closed before")
@Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "used, so not closed")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "closed after")
@Outcome(expect = Expect.FORBIDDEN, desc = "freed while used")
@State
public class UsersRace {
  private volatile boolean freed;
  private final Users users = new Users("the model", () -> freed = true);

  @Actor
  public void user(II_Result result) {
    try {
      users.enter();
    } catch (IllegalStateException e) {
      return;
    }
    result.r1 = freed ? 2 : 1;
    users.leave();
  }

  @Actor
  public void owner(II_Result result) {
    try {
      users.close();
      result.r2 = freed ? 1 : 2;
    } catch (IllegalStateException e) {
      result.r2 = 0;
    }
  }
}
